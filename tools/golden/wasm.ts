// The golden fixtures on ONNX Runtime's WASM back end. Node only.

import { openRuntime } from "../../src/worker/runtime/runtime.ts";
import { folderSource } from "../folder-source.ts";
import { loadOrtInNode } from "../ort-node.ts";
import type { FixtureReport } from "./fixture.ts";
import { runFixture } from "./run.ts";

/** Calls `report` with each fixture of `folder` as it is done. */
export async function goldenOnWasm(
  folder: string,
  names: readonly string[],
  report: (done: FixtureReport) => void,
): Promise<void> {
  const options = { backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode } as const;
  const runtime = await openRuntime(options);
  for (const name of names) report(await runFixture(runtime, folderSource(folder), name));
  await runtime.dispose();
}
