// Everything that can go wrong has its own card, nothing hangs, and the page starts again without a reload.

import type { Page, Worker } from "@playwright/test";
import type { SottoErrorCode } from "../src/shared/errors.ts";
import { expect, test } from "./support/browser.ts";
import {
  errorCardOf,
  expectFailure,
  expectTalk,
  LOAD_TIMEOUT_MS,
  openReady,
  orbOf,
  startTalk,
  tryAgain,
  wordOf,
} from "./support/page.ts";
import { breakConfig, nanInFirstTensor } from "./support/broken-model.ts";
import { serveModel, tinyModel } from "./support/model-on-route.ts";
import { prefixWorker } from "./support/worker-script.ts";

function halve(files: Map<string, Buffer>, name: string): void {
  const whole = files.get(name)!;
  files.set(name, whole.subarray(0, whole.length / 2));
}

/** The worker that runs the model; ONNX Runtime's threads are workers too. */
function engineOf(page: Page): Worker {
  const engine = page.workers().find((worker) => !worker.url().includes("/ort/"));
  if (!engine) throw new Error("the page has no engine worker");
  return engine;
}

test.describe("the microphone", () => {
  test.describe("refused by the visitor", () => {
    test.use({ microphone: "denied" });
    test("says so, and listens once it is allowed", async ({ page, context }) => {
      await openReady(page);
      await orbOf(page).click();
      await expectFailure(page, "mic-denied");
      await context.grantPermissions(["microphone"]);
      await tryAgain(page);
      await expectTalk(page);
    });
  });

  test.describe("not there", () => {
    test.use({ microphone: "absent" });
    test("says so, and talks with a sample caller instead", async ({ page, context }) => {
      await context.grantPermissions(["microphone"]);
      await openReady(page);
      await orbOf(page).click();
      await expectFailure(page, "mic-absent");
      await errorCardOf(page).getByRole("button", { name: "Use a sample caller" }).click();
      await expectTalk(page);
    });
  });

  test.describe("held by another program", () => {
    test.use({ microphone: [60] });
    test("says so, and listens once it is free", async ({ page }) => {
      await page.addInitScript(() => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        let busy = true;
        navigator.mediaDevices.getUserMedia = (constraints) => {
          if (!busy) return open(constraints);
          busy = false;
          return Promise.reject(new DOMException("Could not start source", "NotReadableError"));
        };
      });
      await openReady(page);
      await orbOf(page).click();
      await expectFailure(page, "mic-busy");
      await tryAgain(page);
      await expectTalk(page);
    });

    test("goes away in the middle of a talk, and comes back", async ({ page, context }) => {
      await openReady(page);
      await startTalk(page);
      await context.clearPermissions();
      await expectFailure(page, "mic-lost");
      await context.grantPermissions(["microphone"]);
      await tryAgain(page);
      await expectTalk(page);
    });
  });
});

test.describe("WebGPU", () => {
  test("is asked for and absent: says so, and runs on the CPU", async ({ page }) => {
    await page.goto("/?backend=webgpu");
    await expectFailure(page, "webgpu-absent");
    await errorCardOf(page).getByRole("button", { name: "Run on the CPU" }).click();
    await expect(wordOf(page)).toHaveText("Ready", { timeout: LOAD_TIMEOUT_MS });
    await expect(page.locator("sotto-device-line")).toContainText("CPU");
  });

  test.describe("of a small GPU", () => {
    test.use({ webgpu: true });
    test("lacks the limits: says so, and runs on the CPU", async ({ page }) => {
      // 64 KiB: below the largest tensor of any model.
      await prefixWorker(
        page,
        'Object.defineProperty(GPUSupportedLimits.prototype, "maxBufferSize", { get: () => 65536 });',
      );
      await page.goto("/?backend=webgpu");
      await expectFailure(page, "webgpu-limits");
      await errorCardOf(page).getByRole("button", { name: "Run on the CPU" }).click();
      await expect(wordOf(page)).toHaveText("Ready", { timeout: LOAD_TIMEOUT_MS });
    });
  });
});

test.describe("a file of the model", () => {
  /** Opens the page on a model with one file changed, and waits for the card. */
  async function openBroken(
    page: Page,
    code: SottoErrorCode,
    damage: (files: Map<string, Buffer>) => void,
  ): Promise<void> {
    const files = await tinyModel();
    damage(files);
    await serveModel(page, files);
    await page.goto("/");
    await expectFailure(page, code);
  }

  /** With the true files back, the same page loads. */
  test.afterEach(async ({ page }) => {
    await serveModel(page, await tinyModel());
    await tryAgain(page);
    await expect(wordOf(page)).toHaveText("Ready", { timeout: LOAD_TIMEOUT_MS });
  });

  test("is missing", async ({ page }) => {
    await openBroken(page, "model-file-missing", (files) => files.delete("model.safetensors"));
    await expect(errorCardOf(page)).toContainText("model.safetensors");
  });

  test("is cut short", async ({ page }) => {
    await openBroken(page, "model-file-truncated", (files) => halve(files, "model.safetensors"));
    await expect(errorCardOf(page)).toContainText("model.safetensors");
  });

  test("is cut short, and no manifest tells", async ({ page }) => {
    await openBroken(page, "model-file-truncated", (files) => {
      files.delete("manifest.json");
      halve(files, "model.safetensors");
    });
  });

  test("has one byte changed", async ({ page }) => {
    await openBroken(page, "model-file-malformed", (files) => {
      const body = files.get("model.safetensors")!;
      body[body.length - 2]! ^= 1;
    });
  });

  test("is an error page", async ({ page }) => {
    await openBroken(page, "model-file-malformed", (files) => {
      files.delete("manifest.json");
      files.set("config.json", Buffer.from("<!doctype html><h1>Oops</h1>"));
    });
  });

  test("is of another shape", async ({ page }) => {
    await openBroken(page, "model-shape-mismatch", (files) => {
      files.delete("manifest.json");
      files.set("config.json", breakConfig(files.get("config.json")!));
    });
  });

  test("holds NaN", async ({ page }) => {
    await openBroken(page, "model-not-finite", (files) => {
      files.delete("manifest.json");
      files.set("model.safetensors", nanInFirstTensor(files.get("model.safetensors")!));
    });
  });

  test("does not arrive", async ({ page }) => {
    await page.route("**/model.safetensors", (route) => route.abort("connectionreset"));
    await page.goto("/");
    await expectFailure(page, "network-failed");
    await page.unroute("**/model.safetensors");
  });
});

test.describe("the worker", () => {
  test.use({ microphone: [60] });

  test("does not get its runtime", async ({ page }) => {
    await page.route(/\/ort\/.*\.mjs$/, (route) => route.abort());
    await page.goto("/");
    await expectFailure(page, "engine-failed");
    await page.unroute(/\/ort\/.*\.mjs$/);
    await tryAgain(page);
    await expect(wordOf(page)).toHaveText("Ready", { timeout: LOAD_TIMEOUT_MS });
  });

  test("crashes in the middle of a talk", async ({ page }) => {
    await openReady(page);
    await startTalk(page);
    await engineOf(page).evaluate(() => {
      setTimeout(() => {
        throw new Error("crash");
      });
    });
    await expectFailure(page, "worker-died");
    await tryAgain(page);
    await expectTalk(page);
  });

  test("falls silent in the middle of a talk", async ({ page }) => {
    await openReady(page);
    await startTalk(page);
    await engineOf(page).evaluate(() => {
      setTimeout(() => {
        for (;;);
      });
    });
    await expectFailure(page, "worker-died");
    await tryAgain(page);
    await expectTalk(page);
  });
});

test("an address that asks for nonsense", async ({ page }) => {
  await page.goto("/?backend=abacus");
  await expectFailure(page, "bad-argument");
  await expect(errorCardOf(page)).toContainText("abacus");
});
