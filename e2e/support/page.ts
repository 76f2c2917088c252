// Where things are on the page, by what a visitor sees of them.

import type { Locator, Page } from "@playwright/test";
import type { SottoErrorCode } from "../../src/shared/errors.ts";
import { expect } from "./browser.ts";

/** Loading compiles the graphs; on a busy machine of two cores that takes its time. */
export const LOAD_TIMEOUT_MS = 45_000;

/** The one big button. */
export function orbOf(page: Page): Locator {
  return page.locator("sotto-orb button");
}

/** The status word under the orb: "Ready", "Listening", … */
export function wordOf(page: Page): Locator {
  return page.locator("sotto-card .word");
}

export function captionsOf(page: Page): Locator {
  return page.locator("sotto-captions");
}

/** The card that tells of a failure. */
export function errorCardOf(page: Page): Locator {
  return page.locator("sotto-error-card");
}

/** Opens the page and waits until the model is loaded. */
export async function openReady(page: Page, query = ""): Promise<void> {
  await page.goto(`/${query}`);
  await expect(wordOf(page)).toHaveText("Ready", { timeout: LOAD_TIMEOUT_MS });
}

/** Presses the orb and waits until Sotto listens. */
export async function startTalk(page: Page): Promise<void> {
  await orbOf(page).click();
  await expectTalk(page);
}

/** The talk is on, whoever speaks just now. */
export async function expectTalk(page: Page): Promise<void> {
  await expect(wordOf(page)).toHaveText(/^(Listening|Speaking|Both at once)$/, {
    timeout: LOAD_TIMEOUT_MS,
  });
}

/** The card of this error is shown, complete: what happened, what to do, and a code that its page explains. */
export async function expectFailure(
  page: Page,
  code: SottoErrorCode,
  timeoutMs = LOAD_TIMEOUT_MS,
): Promise<void> {
  const card = errorCardOf(page);
  await expect(card.locator("code")).toHaveText(code, { timeout: timeoutMs });
  await expect(card.getByRole("alert").locator("p")).toHaveCount(2);
  await expect(card.getByRole("link")).toHaveAttribute("href", new RegExp(`#${code}$`));
}

/** Presses "Try again" on the card. */
export async function tryAgain(page: Page): Promise<void> {
  await errorCardOf(page).getByRole("button", { name: "Try again" }).click();
}
