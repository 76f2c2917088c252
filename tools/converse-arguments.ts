// The command line of `npm run converse`, as data. Pure.

import { parseArgs } from "node:util";

import { SottoError } from "../src/shared/errors.ts";

export const USAGE = `npm run converse -- IN.wav [options]
  --out OUT.wav     write what Sotto said, and OUT.mix.wav: left the caller, right Sotto
  --json [FILE]     write the whole account as JSON, to FILE (ending in .json) or to standard output
  --trace FILE      write the frames as a Chrome trace, for ui.perfetto.dev
  --model DIR       checkpoint folder (default public/models/wren)
  --seed N          seed of the sampler (default: the model's)
  --threads N       WASM threads (default 2)
  --tail SECONDS    silence after the caller, in which Sotto can answer (default 4)`;

export interface ConverseArguments {
  readonly input: string;
  readonly out: string | null;
  /** "-" is standard output. */
  readonly json: string | null;
  readonly trace: string | null;
  readonly model: string;
  readonly seed: number | null;
  readonly threads: number;
  readonly tailSeconds: number;
}

/** Throws SottoError `bad-argument`. */
export function parseConverseArguments(args: readonly string[]): ConverseArguments {
  const { values, positionals } = parse(nameJsonFile(args));
  const [input, ...others] = positionals;
  if (input === undefined) throw badArgument("There is no input file.");
  if (others.length > 0)
    throw badArgument(`One input file at a time, not also ${others.join(", ")}.`);
  return {
    input,
    out: values.out ?? null,
    json: values.json ?? null,
    trace: values.trace ?? null,
    model: values.model,
    seed: values.seed === undefined ? null : number("seed", values.seed, 0, 2 ** 32 - 1, true),
    threads: number("threads", values.threads, 1, 64, true),
    tailSeconds: number("tail", values.tail, 0, 600, false),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: "string" },
        json: { type: "string" },
        trace: { type: "string" },
        model: { type: "string", default: "public/models/wren" },
        seed: { type: "string" },
        threads: { type: "string", default: "2" },
        tail: { type: "string", default: "4" },
      },
    });
  } catch (cause) {
    throw badArgument(
      cause instanceof Error ? `${cause.message.replace(/\.$/, "")}.` : String(cause),
    );
  }
}

/** `--json` alone means standard output, and parseArgs has no options with an optional value. */
function nameJsonFile(args: readonly string[]): string[] {
  return args.flatMap((arg, i) =>
    arg === "--json" && args[i + 1]?.endsWith(".json") !== true ? ["--json=-"] : [arg],
  );
}

function number(name: string, text: string, least: number, most: number, whole: boolean): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  throw badArgument(`--${name} is ${kind} from ${least} to ${most}, not "${text}".`);
}

function badArgument(what: string): SottoError {
  return new SottoError("bad-argument", what, `Usage: ${USAGE}`);
}
