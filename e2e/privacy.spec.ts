// Nothing leaves the device: every request of page, worker and worklets in a whole talk goes to our own origin,
// another origin stays silent even when the page tries, and the talk goes on with the network unplugged.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "./support/browser.ts";
import { openReady, startTalk, wordOf } from "./support/page.ts";

test.use({ model: "shipped", microphone: [1, "medium-coffee", 60] });

test("no request leaves the origin during a talk", async ({ page, context, baseURL }) => {
  const urls: string[] = [];
  context.on("request", (request) => urls.push(request.url()));
  await page.addInitScript(() => {
    const refused = function (): never {
      document.title = "a peer connection was made";
      throw new Error("a peer connection was made");
    };
    Object.defineProperty(globalThis, "RTCPeerConnection", { value: refused });
  });
  await openReady(page);
  await startTalk(page);
  await expect(wordOf(page)).toHaveText(/^(Speaking|Both at once)$/, { timeout: 20_000 });

  // The record does reach into the worker and its threads.
  expect(urls.some((url) => url.endsWith("/models/wren/model.safetensors"))).toBe(true);
  expect(urls.some((url) => /\/ort\/.*\.wasm$/.test(url))).toBe(true);
  const foreign = urls.filter((url) => !url.startsWith(`${baseURL}/`));
  expect(foreign).toEqual([]);
  await expect(page).toHaveTitle("Sotto");
});

test.describe("another origin", () => {
  let other: Server;
  let visits = 0;

  test.beforeEach(async () => {
    visits = 0;
    other = createServer((_request, response) => {
      visits += 1;
      response.setHeader("Access-Control-Allow-Origin", "*").end("caught");
    });
    await new Promise<void>((resolve) => other.listen(0, "localhost", resolve));
  });
  test.afterEach(() => other.close());

  test("hears nothing, even if a script of ours tried", async ({ page }) => {
    await openReady(page);
    const url = `http://localhost:${(other.address() as AddressInfo).port}/`;
    const attempt = (target: string): Promise<string> =>
      fetch(target, { method: "POST", body: "voice" }).then(
        () => "sent",
        () => "blocked",
      );
    expect(await page.evaluate(attempt, url)).toBe("blocked");
    const [engine] = page.workers();
    expect(await engine?.evaluate(attempt, url)).toBe("blocked");
    expect(visits).toBe(0);

    // The server would have answered.
    expect(await attempt(url)).toBe("sent");
    expect(visits).toBe(1);
  });
});

test("the talk goes on with the network unplugged", async ({ page, context }) => {
  await openReady(page);
  // The worklets' scripts are the last thing fetched, at the first talk.
  await startTalk(page);
  await context.setOffline(true);
  await expect(wordOf(page)).toHaveText(/^(Speaking|Both at once)$/, { timeout: 20_000 });
});
