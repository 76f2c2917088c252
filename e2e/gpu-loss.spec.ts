// Sessions on a real WebGPU device (Chromium's software adapter): states and shared weights, and the loss of the device.

import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "@playwright/test";
import { withWebGpuPage } from "../tools/golden/webgpu-page.ts";

const HARNESS = join(import.meta.dirname, "gpu/harness.ts");

const run = (page: Page, session: number) => page.evaluate((i) => bench.run(i), session);

test("sessions keep their own states and share their weights", async () => {
  await withWebGpuPage(HARNESS, import.meta.dirname, async (page) => {
    await page.evaluate(() => bench.open(2));
    expect([await run(page, 0), await run(page, 0), await run(page, 1)]).toEqual([2, 4, 2]);
    await page.evaluate(() => bench.reset(0));
    expect([await run(page, 0), await run(page, 1)]).toEqual([2, 4]);
    // The weight belongs to whoever still uses it.
    await page.evaluate(() => bench.disposeSession(0));
    expect([await run(page, 0), await run(page, 1)]).toEqual(["engine-failed", 6]);
    await page.evaluate(() => bench.close());
  });
});

test("a lost device is told, ends its sessions at once, and a new one works in the same page", async () => {
  await withWebGpuPage(HARNESS, import.meta.dirname, async (page, browser) => {
    await page.evaluate(() => bench.open(2));
    expect(await run(page, 0)).toBe(2);
    const control = await browser.newBrowserCDPSession();
    await control.send("Browser.crashGpuProcess").catch(() => undefined);
    await expect.poll(() => page.evaluate(() => bench.lossCode())).toBe("webgpu-lost");
    expect([await run(page, 0), await run(page, 1), await run(page, 0)]).toEqual([
      "webgpu-lost",
      "webgpu-lost",
      "webgpu-lost",
    ]);
    await page.evaluate(() => bench.close());

    await page.evaluate(() => bench.open(1));
    expect([await run(page, 0), await run(page, 0)]).toEqual([2, 4]);
    await page.evaluate(() => bench.close());
  });
});

test("a device lost while a run is in flight fails that run with webgpu-lost", async () => {
  await withWebGpuPage(HARNESS, import.meta.dirname, async (page, browser) => {
    await page.evaluate(() => bench.open(1));
    const control = await browser.newBrowserCDPSession();
    const running = page.evaluate(async () => {
      for (;;) {
        const result = await bench.run(0);
        if (typeof result === "string") return result;
      }
    });
    await control.send("Browser.crashGpuProcess").catch(() => undefined);
    expect(await running).toBe("webgpu-lost");
  });
});
