// The held-out cases of the evaluation: DIR/cases.json, read and checked. Node only.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { SottoError } from "../src/shared/errors.ts";

export interface EvalCase {
  /** WAV file of the caller, relative to the folder of cases.json. */
  readonly file: string;
  /** What the caller does: "order", "ask-size", "yes"… Results are summed up by it. */
  readonly kind: string;
  /** Texts that are a right reply; "" where silence is. */
  readonly expect: readonly string[];
  /** Where the caller ends, in seconds from the start of the file. */
  readonly userEnd: number;
  readonly voice: string;
}

/** Reads `[{file, kind, expect, user_end_s, voice}]`. Throws SottoError `bad-argument`. */
export async function readCases(folder: string): Promise<EvalCase[]> {
  const file = join(folder, "cases.json");
  try {
    return parseCases(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    if (cause instanceof SottoError) throw cause;
    const remedy =
      "Give a folder with a cases.json; tools/eval-replies-cases.ts says what is in it.";
    throw new SottoError("bad-argument", `${file} cannot be read as JSON.`, remedy, cause);
  }
}

/** Throws SottoError `bad-argument` that names the first wrong case. */
export function parseCases(json: unknown): EvalCase[] {
  if (!Array.isArray(json) || json.length === 0) throw malformed("it is not a list of cases");
  return json.map((entry: unknown, i) => {
    const {
      file,
      kind,
      expect,
      user_end_s: userEnd,
      voice = "",
    } = (entry ?? {}) as Record<string, unknown>;
    const wrong = (key: string, wanted: string): SottoError =>
      malformed(`case ${i} has no "${key}", ${wanted}`);
    if (typeof file !== "string" || file === "") throw wrong("file", "the name of a WAV file");
    if (typeof kind !== "string") throw wrong("kind", "a word");
    if (
      !Array.isArray(expect) ||
      expect.length === 0 ||
      !expect.every((text) => typeof text === "string")
    ) {
      throw wrong("expect", "a list of accepted replies");
    }
    if (typeof userEnd !== "number" || !(userEnd >= 0)) throw wrong("user_end_s", "seconds");
    if (typeof voice !== "string") throw wrong("voice", "a name");
    return { file, kind, expect, userEnd, voice };
  });
}

function malformed(why: string): SottoError {
  return new SottoError("bad-argument", `cases.json is wrong: ${why}.`, "Write the cases again.");
}
