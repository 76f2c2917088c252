// The elements alone, in every state: words for everyone, no rule of accessibility broken, nothing wider than a phone.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { ViteDevServer } from "vite";
import type { Request } from "../../src/ui/requests.ts";
import { LOOK_TEXT } from "../../src/ui/strings.ts";
import { expect, test } from "../support/browser.ts";
import { openState, serveGallery } from "./serve.ts";
import { STATES } from "./states.ts";

const PHONE = { width: 360, height: 740 };
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

let server: ViteDevServer;
test.beforeAll(async () => {
  server = await serveGallery();
});
test.afterAll(async () => {
  await server.close();
});

const requests = (page: Page): Promise<Request[]> => page.evaluate(() => window.galleryRequests);

test("every state has its words and fits a phone", async ({ page }) => {
  test.setTimeout(240_000);
  await page.setViewportSize(PHONE);
  for (const [name, { view }] of Object.entries(STATES)) {
    await test.step(name, async () => {
      await openState(page, name);
      const text = LOOK_TEXT[view.look];
      await expect(page.locator("sotto-card .word")).toHaveText(text.word);
      await expect(page.getByRole("status")).toHaveText(text.announcement);
      await expect(page.locator("sotto-orb button")).toHaveAccessibleName(text.action);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
    });
  }
});

// The states that a11y.spec.ts does not reach on the real page.
for (const name of ["queued", "starting", "both", "degraded", "mic-denied"]) {
  test(`${name} breaks no rule of accessibility`, async ({ page }) => {
    test.setTimeout(240_000);
    await openState(page, name);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
      const told = violations.map(({ id }) => id);
      expect(told, colorScheme).toEqual([]);
    }
  });
}

test("a talk's buttons ask for what they say", async ({ page }) => {
  await openState(page, "listening");
  await page.locator("sotto-orb button").click();
  await page.getByRole("button", { name: "Mute" }).click();
  await page.getByLabel("Microphone", { exact: true }).selectOption("headset");
  await expect(page.getByRole("button", { name: "Use a sample caller" })).toBeDisabled();
  expect(await requests(page)).toEqual([
    { type: "press" },
    { type: "toggle-mute" },
    { type: "pick-microphone", microphoneId: "headset" },
  ]);
});

test("a double click on the orb is one press", async ({ page }) => {
  await openState(page, "ready");
  await page.locator("sotto-orb button").dblclick();
  expect(await requests(page)).toEqual([{ type: "press" }]);
});

test("a card offers every way on", async ({ page }) => {
  await openState(page, "webgpu-absent");
  await page.getByRole("button", { name: "Try again" }).last().click();
  await page.getByRole("button", { name: "Run on the CPU" }).click();
  expect(await requests(page)).toEqual([{ type: "retry" }, { type: "retry", backend: "wasm" }]);

  await openState(page, "mic-denied");
  await page.getByRole("button", { name: "Use a sample caller" }).click();
  await page.locator("sotto-orb button").click();
  expect(await requests(page)).toEqual([
    { type: "sample", sampleId: "caller-1" },
    { type: "retry" },
  ]);
});

test("reduced motion keeps the orb still", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openState(page, "listening");
  const picture = () =>
    page
      .locator("sotto-orb canvas")
      .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ""));
  // The level eases to its value first; from then on nothing moves.
  let last = "";
  await expect
    .poll(async () => {
      const before = last;
      last = await picture();
      return last === before;
    })
    .toBe(true);
  await page.waitForTimeout(300);
  expect(await picture()).toBe(last);
});
