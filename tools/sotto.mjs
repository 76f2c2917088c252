#!/usr/bin/env node
// `npx sotto …`: runs the command's TypeScript.

import { register } from "tsx/esm/api";

register();
await import("./sotto.ts");
