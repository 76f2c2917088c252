// Runs any fixture on a runtime, in Node or in a browser. One that the engine refuses is reported, never skipped.

import { SottoError } from "../../src/shared/errors.ts";
import type { Runtime } from "../../src/worker/runtime/session.ts";
import type { FileSource } from "../../src/worker/weights/source.ts";
import type { FixtureReport } from "./fixture.ts";
import { readFixture } from "./fixture.ts";
import { isForced, runForcedFixture } from "./forced-fixture.ts";
import { runLanguageFixture } from "./language-fixture.ts";
import { runMimiFixture } from "./mimi-fixture.ts";

/** Throws SottoError when the engine fails; a refusal (`model-unsupported`) is a report. */
export async function runFixture(
  runtime: Runtime,
  source: FileSource,
  name: string,
): Promise<FixtureReport> {
  const fixture = await readFixture(source, name);
  try {
    if ("seanet" in fixture.config) return await runMimiFixture(runtime, fixture);
    return isForced(fixture)
      ? await runForcedFixture(runtime, fixture)
      : await runLanguageFixture(runtime, fixture);
  } catch (thrown) {
    if (thrown instanceof SottoError && thrown.code === "model-unsupported")
      return { name, status: "unsupported", reason: thrown.what };
    throw thrown;
  }
}
