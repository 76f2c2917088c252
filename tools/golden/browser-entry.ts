// The golden run as a page: bundled and opened by webgpu.ts, which calls `runGolden`. Browser only.

import { SottoError } from "../../src/shared/errors.ts";
import { openRuntime } from "../../src/worker/runtime/runtime.ts";
import { urlSource } from "../../src/worker/weights/source.ts";
import type { FixtureReport } from "./fixture.ts";
import { runFixture } from "./run.ts";

declare global {
  /** Runs one fixture on WebGPU. A failure of the engine rejects. */
  var runGolden: (name: string) => Promise<FixtureReport>;
}

const runtime = openRuntime({
  backend: "webgpu",
  threads: 1,
  ortBase: new URL("/ort/", location.href).href,
});

globalThis.runGolden = async (name) => {
  const source = urlSource(new URL("/fixtures/", location.href).href);
  try {
    return await runFixture(await runtime, source, name);
  } catch (thrown) {
    // Only the message of an error leaves the page.
    throw thrown instanceof SottoError
      ? new Error(`${name}: ${thrown.message} ${thrown.detail ?? ""}`)
      : thrown;
  }
};
