// The test function of all end-to-end tests: a Chromium of its own for each test, with the microphone that the test asks for.

import { test as base, chromium } from "@playwright/test";
import { findInstalled } from "../../scripts/chromium.mjs";
import { serveModel, tinyModel } from "./model-on-route.ts";
import { writeTimeline, type Timeline } from "./timeline.ts";

export { expect } from "@playwright/test";

/** What the visitor's computer is like. Set with `test.use({ … })`. */
export interface Computer {
  /**
   * A timeline of speech: a microphone that is allowed and plays it once. "denied": one that the visitor refuses.
   * "absent": none.
   */
  microphone: Timeline | "denied" | "absent";
  /** Chromium's software WebGPU adapter; without it headless Chromium has none. */
  webgpu: boolean;
  /** "shipped": public/models/wren. "tiny": one of random weights that loads in a moment. */
  model: "shipped" | "tiny";
}

const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export const test = base.extend<Computer>({
  microphone: ["absent", { option: true }],
  webgpu: [false, { option: true }],
  model: ["tiny", { option: true }],

  context: async ({ microphone, webgpu, baseURL, contextOptions }, use, info) => {
    const args = ["--autoplay-policy=user-gesture-required"];
    if (webgpu) args.push(...SOFTWARE_WEBGPU);
    if (microphone === "absent") args.push("--disable-audio-input");
    else args.push("--use-fake-device-for-media-stream");
    if (typeof microphone === "object") {
      const wav = info.outputPath("microphone.wav");
      await writeTimeline(wav, microphone);
      // "%noloop": played once, silence afterwards.
      args.push(`--use-file-for-fake-audio-capture=${wav}%noloop`);
    }
    const executablePath = process.env["SOTTO_CHROMIUM"] ?? findInstalled();
    const browser = await chromium.launch({
      args,
      // Chromium's sandbox refuses to run as root, as in a container.
      chromiumSandbox: process.getuid?.() !== 0,
      ...(executablePath === undefined ? {} : { executablePath }),
    });
    const context = await browser.newContext({
      ...contextOptions,
      ...(baseURL === undefined ? {} : { baseURL }),
      permissions: typeof microphone === "object" ? ["microphone"] : [],
    });
    await use(context);
    await browser.close();
  },

  page: async ({ context, model }, use) => {
    const page = await context.newPage();
    if (model === "tiny") await serveModel(page, await tinyModel());
    await use(page);
  },
});
