// The page for people who do not see it, do not use a mouse, or are made ill by motion: every state, both themes.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./support/browser.ts";
import { expectFailure, expectTalk, openReady, orbOf, startTalk, wordOf } from "./support/page.ts";

test.use({ microphone: [60] });

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** No rule is broken, in the dark and in the light theme. */
async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
    const told = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`,
    );
    expect(told, colorScheme).toEqual([]);
  }
}

test("loading", async ({ page }) => {
  // The download never ends, and is let go when the test does.
  await page.route("**/model.safetensors", () => new Promise(() => undefined));
  await page.goto("/");
  await expect(wordOf(page)).toHaveText("Loading");
  await expectAccessible(page);
});

test("ready, listening, muted", async ({ page }) => {
  await openReady(page);
  await expectAccessible(page);
  await startTalk(page);
  await expectAccessible(page);
  await page.keyboard.press("m");
  await expect(wordOf(page)).toHaveText("Muted");
  await expectAccessible(page);
});

test("failed", async ({ page }) => {
  await page.goto("/?backend=webgpu");
  await expectFailure(page, "webgpu-absent");
  await expectAccessible(page);
});

test("unsupported", async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "AudioWorkletNode"));
  await page.goto("/");
  await expectFailure(page, "browser-unsupported");
  await expectAccessible(page);
});

test("the page that explains the errors", async ({ page }) => {
  await page.goto("/errors.html");
  await expect(page.locator("#mic-denied")).toBeVisible();
  await expectAccessible(page);
});

test("space starts and stops, M mutes, escape stops", async ({ page }) => {
  await openReady(page);
  const status = page.getByRole("status");
  await page.keyboard.press("Space");
  await expectTalk(page);
  await expect(status).toContainText("Connected");
  await page.keyboard.press("m");
  await expect(status).toContainText("muted");
  await page.keyboard.press("m");
  await expectTalk(page);
  await page.keyboard.press("Space");
  await expect(wordOf(page)).toHaveText("Ready");
  await page.keyboard.press("Space");
  await expectTalk(page);
  await page.keyboard.press("Escape");
  await expect(wordOf(page)).toHaveText("Ready");
});

test("tab reaches the orb first, and enter presses it", async ({ page }) => {
  await openReady(page);
  await page.keyboard.press("Tab");
  await expect(orbOf(page)).toBeFocused();
  await page.keyboard.press("Enter");
  await expectTalk(page);
});

test.describe("reduced motion", () => {
  // The tiny model never stops babbling.
  test.use({ model: "shipped" });
  test("keeps the orb still while nobody speaks", async ({ page }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await openReady(page);
    await startTalk(page);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await expect(wordOf(page)).toHaveText("Listening");
    const picture = (): Promise<string> =>
      page.locator("sotto-orb canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    // Until the levels of the start have settled.
    await expect(async () => {
      const before = await picture();
      await page.waitForTimeout(500);
      expect(await picture()).toBe(before);
    }).toPass({ timeout: 15_000 });
  });
});

test("nothing is cut off at the width of a phone", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openReady(page);
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await startTalk(page);
  expect(await overflow()).toBeLessThanOrEqual(0);
});
