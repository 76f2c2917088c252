// The golden fixtures on WebGPU, in a browser. Node only.

import { fileURLToPath } from "node:url";
import type { FixtureReport } from "./fixture.ts";
import { withWebGpuPage } from "./webgpu-page.ts";

const ENTRY = fileURLToPath(new URL("browser-entry.ts", import.meta.url));

/** Calls `report` with each fixture of `folder` as it is done. Rejects when the browser or the engine fails. */
export function goldenOnWebGpu(
  folder: string,
  names: readonly string[],
  report: (done: FixtureReport) => void,
): Promise<void> {
  return withWebGpuPage(ENTRY, folder, async (page) => {
    await page.waitForFunction(() => typeof globalThis.runGolden === "function");
    for (const name of names) report(await page.evaluate((fixture) => runGolden(fixture), name));
  });
}
