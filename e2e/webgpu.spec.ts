// WebGPU computes what the reference computed. On Chromium's software adapter: exact, but far from real time, so
// conversations are held on the CPU in voice.spec.ts.

import { join } from "node:path";
import type { FixtureReport } from "../tools/golden/fixture.ts";
import { goldenOnWebGpu } from "../tools/golden/webgpu.ts";
import { expect, test } from "./support/browser.ts";
import { openReady } from "./support/page.ts";

const FIXTURES = join(import.meta.dirname, "fixtures/golden");

for (const name of ["mimi_tiny", "lm_tiny_moshi"])
  test(`${name} agrees with the reference's trace`, async () => {
    const reports: FixtureReport[] = [];
    await goldenOnWebGpu(FIXTURES, [name], (report) => reports.push(report));
    expect(reports).toEqual([expect.objectContaining({ name, status: "pass" })]);
  });

test.describe("in the product", () => {
  test.use({ webgpu: true });
  test("a model loads on WebGPU, and the page says on what", async ({ page }) => {
    await openReady(page, "?backend=webgpu");
    const device = page.locator("sotto-device-line");
    await expect(device).toContainText(/swiftshader/i);
    await expect(device).not.toContainText("CPU");
  });
});
