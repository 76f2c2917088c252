// `npm run eval`: how well a model answers, over folders of held-out callers and over recordings in which nobody
// speaks to it. Loads the model once; prints Markdown. Node only. Exits 2 for a mistake in the arguments.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs, promisify } from "node:util";

import { PYTHON } from "../scripts/recogniser.mjs";
import { SottoError } from "../src/shared/errors.ts";
import { SAMPLE_RATE } from "../src/shared/frame.ts";
import type { SessionSettings } from "../src/shared/protocol.ts";
import type { SpeechModel } from "../src/worker/speech-model.ts";
import { readMicrophone } from "./converse-audio.ts";
import { loadFolderModel } from "./converse-model.ts";
import { type Conversation, converse, textOf } from "./converse-run.ts";
import { type EvalCase, readCases } from "./eval-replies-cases.ts";
import { countFalseStarts, scoreReply, speechStretches } from "./eval-replies-score.ts";
import {
  type CaseResult,
  type NoiseResult,
  noiseTable,
  repliesTable,
} from "./eval-replies-table.ts";
import { formatWav } from "./wav.ts";

const USAGE = `npm run eval -- [--cases DIR] [--noise FILE ...] [options]
  --cases DIR       folder with cases.json: [{file, kind, expect, user_end_s, voice}]
  --noise FILE ...  recordings in which nobody speaks to Sotto
  --out DIR         where Sotto's replies and results.json go (default .cache/eval)
  --model DIR       checkpoint folder (default public/models/wren)
  --seed N          seed of the sampler (default: the model's)
  --threads N       WASM threads (default 2)
  --tail SECONDS    silence after each caller (default 4)
  --no-recogniser   do not run training/recognise.py`;

const RECOGNISER = "training/recognise.py";
const RESULTS = "results.json";

/** A case with its outcome, as results.json keeps it; `audio` and `text` are what recognise.py reads. */
interface StoredResult extends CaseResult {
  readonly file: string;
  readonly voice: string;
  readonly expect: readonly string[];
  /** Sotto's reply, a WAV file in the output folder. */
  readonly audio: string;
  /** The reply's text. */
  readonly text: string;
  /** All that Sotto said, before the caller's end too. */
  readonly allText: string;
  readonly realTimeFactor: number;
}

async function main(): Promise<void> {
  const options = parseOptions();
  const { model, report, hash } = await loadFolderModel(options.model, options.threads);
  const settings = options.seed === null ? {} : { seed: options.seed };
  await mkdir(options.out, { recursive: true });
  console.log(
    `Model ${model.name} (${hash.slice(0, 12)}), seed ${settings.seed ?? model.defaults.seed}, ` +
      `${report.backend}, threads: ${report.threads}.\n`,
  );
  if (options.cases !== null) {
    const cases = await readCases(options.cases);
    let results: CaseResult[] = [];
    for (const [i, each] of cases.entries()) {
      const result = await runCase(
        model,
        each,
        options.cases,
        options.out,
        i,
        settings,
        options.tail,
      );
      results.push(result);
      const mark = result.right ? "right" : "wrong";
      console.error(`${i + 1}/${cases.length} ${mark}: ${each.file}: "${result.reply}"`);
    }
    await writeFile(join(options.out, RESULTS), JSON.stringify(results, null, 1));
    if (options.recogniser) results = await recognise(options.out, results);
    else console.log("The independent recogniser was not asked for.\n");
    console.log(`${repliesTable(results)}\n`);
  }
  if (options.noise.length > 0) {
    const results: NoiseResult[] = [];
    for (const file of options.noise)
      results.push(await runNoise(model, file, options.out, settings));
    console.log(noiseTable(results));
  }
  await model.dispose();
}

async function runCase(
  model: SpeechModel,
  { file, kind, expect, userEnd, voice }: EvalCase,
  folder: string,
  out: string,
  index: number,
  settings: Partial<SessionSettings>,
  tail: number,
): Promise<StoredResult> {
  const mic = await readMicrophone(join(folder, file));
  const conversation = await converse(model, mic.pcm, settings, tail);
  const score = scoreReply(conversation.text, conversation.pcm, userEnd, expect);
  const audio = `${String(index).padStart(4, "0")}-${basename(file, ".wav")}.wav`;
  await writeOwn(join(out, audio), conversation, userEnd);
  return {
    ...score,
    file,
    kind,
    voice,
    expect,
    audio,
    text: score.reply,
    allText: textOf(conversation.text),
    recognised: null,
    realTimeFactor: conversation.summary.realTimeFactor,
  };
}

async function runNoise(
  model: SpeechModel,
  file: string,
  out: string,
  settings: Partial<SessionSettings>,
): Promise<NoiseResult> {
  const mic = await readMicrophone(file);
  const conversation = await converse(model, mic.pcm, settings);
  const falseStarts = countFalseStarts(conversation.text, conversation.pcm);
  if (falseStarts > 0) {
    await writeOwn(join(out, `noise-${basename(file, ".wav")}.wav`), conversation, 0);
    const times = speechStretches(conversation.pcm, 1).map(({ start }) => `${start.toFixed(1)} s`);
    console.error(`${file}: spoke at ${times.join(", ")}; text "${textOf(conversation.text)}"`);
  }
  return { file: basename(file), seconds: mic.pcm.length / SAMPLE_RATE, falseStarts };
}

/** What Sotto said from `from` seconds on. */
async function writeOwn(file: string, { pcm }: Conversation, from: number): Promise<void> {
  const channels = [pcm.subarray(Math.round(from * SAMPLE_RATE))];
  await writeFile(file, formatWav({ sampleRate: SAMPLE_RATE, channels }));
}

/** The same results with the judgement of the independent recogniser; unchanged, and said so, where it cannot run. */
async function recognise(out: string, results: CaseResult[]): Promise<CaseResult[]> {
  const python = process.env["SOTTO_PYTHON"] ?? (existsSync(PYTHON) ? PYTHON : "python3");
  const judged = join(out, "recognised.json");
  try {
    await promisify(execFile)(python, [RECOGNISER, "--cases", out, "--out", judged]);
    const verdicts = JSON.parse(await readFile(judged, "utf8")) as {
      readonly recognised: unknown;
    }[];
    return results.map((result, i) => ({
      ...result,
      recognised: verdicts[i]?.recognised === true,
    }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.trim().split("\n").at(-1) : String(cause);
    console.log(`The independent recogniser did not run: ${why}\n`);
    return results;
  }
}

function parseOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        cases: { type: "string" },
        noise: { type: "string", multiple: true, default: [] },
        out: { type: "string", default: ".cache/eval" },
        model: { type: "string", default: "public/models/wren" },
        seed: { type: "string" },
        threads: { type: "string", default: "2" },
        tail: { type: "string", default: "4" },
        "no-recogniser": { type: "boolean", default: false },
      },
    });
    const noise = [...values.noise, ...positionals];
    const [seed, threads, tail] = [
      Number(values.seed ?? 0),
      Number(values.threads),
      Number(values.tail),
    ];
    if (values.cases === undefined && noise.length === 0)
      throw new Error("There is nothing to evaluate.");
    if (!Number.isInteger(seed) || seed < 0)
      throw new Error(`--seed ${values.seed} is not a whole number.`);
    if (!Number.isInteger(threads) || threads < 1)
      throw new Error(`--threads ${values.threads} is not a count.`);
    if (!(tail >= 0 && tail <= 600))
      throw new Error(`--tail ${values.tail} is not a time up to 600 seconds.`);
    return {
      cases: values.cases ?? null,
      noise,
      out: values.out,
      model: values.model,
      seed: values.seed === undefined ? null : seed,
      threads,
      tail,
      recogniser: !values["no-recogniser"],
    };
  } catch (cause) {
    throw SottoError.from(cause, "bad-argument", `Usage: ${USAGE}`);
  }
}

try {
  await main();
} catch (thrown) {
  const error = SottoError.from(
    thrown,
    "engine-failed",
    "This is a mistake in the program; please report it.",
  );
  console.error(`${error.what} ${error.remedy} [${error.code}]`);
  process.exitCode = error.code === "bad-argument" ? 2 : 1;
}
