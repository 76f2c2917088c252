// The host files in the repository say what the table says.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HEADERS, hostFiles } from "./headers.mjs";

describe("response headers", () => {
  it.each(Object.entries(hostFiles()))("%s is in step with the table", (file, text) => {
    expect(readFileSync(file, "utf8"), "run `npm run headers`").toBe(text);
  });

  it("lets a script connect to its own origin and to nothing else", () => {
    const policy = HEADERS["Content-Security-Policy"] ?? "";
    expect(policy).toContain("connect-src 'self';");
    expect(policy).not.toMatch(/https?:|wss?:|blob:|data:|\*|unsafe-inline|'unsafe-eval'/);
  });
});
