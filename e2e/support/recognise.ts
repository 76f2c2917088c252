// Asks the independent recogniser what it hears in a recording.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PYTHON } from "../../scripts/recogniser.mjs";
import { wavOf } from "./recording.ts";

const E2E = join(import.meta.dirname, "..");

/** The words of e2e/fixtures/replies.jsgf that pocketsphinx hears; "" when it hears none. Keeps the WAV at `file`. */
export async function recognise(
  samples: Float32Array<ArrayBuffer>,
  sampleRate: number,
  file: string,
): Promise<string> {
  await writeFile(file, wavOf(samples, sampleRate));
  const python = process.env["SOTTO_PYTHON"] ?? PYTHON;
  const grammar = join(E2E, "fixtures/replies.jsgf");
  const { stdout } = await promisify(execFile)(python, [
    join(E2E, "recognise.py"),
    "--grammar",
    grammar,
    file,
  ]);
  return stdout.trim();
}
