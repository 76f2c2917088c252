// Changes what the model worker sees of the browser: puts a line of JavaScript in front of its script.
// Init scripts of the page do not run in workers.

import type { Page } from "@playwright/test";

/** The built script of src/worker/index.ts. */
const WORKER_SCRIPT = /\/assets\/index-[^/]+\.js$/;

/** Must be called before the page is opened. `code` runs before the worker does anything. */
export async function prefixWorker(page: Page, code: string): Promise<void> {
  await page.route(WORKER_SCRIPT, async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    // The page's own script may have the same pattern of name: only a worker may be meant.
    const guarded = `if (typeof WorkerGlobalScope !== "undefined") { ${code} }\n`;
    await route.fulfill({ response, body: guarded + body });
  });
}
