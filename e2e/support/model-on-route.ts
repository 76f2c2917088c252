// Serves a tiny model of random weights in place of the shipped one: it babbles, but loads through every stage in a
// moment. For tests of what happens around the model; what it says is tested with the shipped one.

import { createHash } from "node:crypto";
import type { Page } from "@playwright/test";
import { tinyModelFiles } from "../../tools/tiny-model.ts";

/** The files of the tiny model, its manifest included. Fresh arrays, to be damaged at will. */
export async function tinyModel(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const [name, bytes] of await tinyModelFiles()) files.set(name, Buffer.from(bytes));
  const entries = Array.from(files, ([name, data]) => ({
    name,
    bytes: data.length,
    sha256: createHash("sha256").update(data).digest("hex"),
  }));
  return files.set("manifest.json", Buffer.from(JSON.stringify({ files: entries })));
}

/** The page gets `files` for the shipped model's, and 404 for a file that is not among them. Replaces what it got before. */
export async function serveModel(page: Page, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const pattern = "**/models/wren/*";
  await page.unroute(pattern);
  await page.route(pattern, async (route) => {
    const { pathname } = new URL(route.request().url());
    const body = files.get(pathname.split("/").at(-1) ?? "");
    await route.fulfill(body ? { body, contentType: "application/octet-stream" } : { status: 404 });
  });
}
