// `npm run converse -- IN.wav`: a spoken conversation without a browser. Feeds a WAV to the model as its microphone,
// frame by frame, and writes what Sotto said. Node only. Exits 2 for a mistake in the arguments, 1 for any other failure.

import { writeFile } from "node:fs/promises";

import { chromeTrace } from "../src/profile/chrome-trace.ts";
import { SottoError } from "../src/shared/errors.ts";
import { FRAME_MS, SAMPLE_RATE } from "../src/shared/frame.ts";
import { type ConverseArguments, parseConverseArguments } from "./converse-arguments.ts";
import { type Microphone, readMicrophone } from "./converse-audio.ts";
import { type FolderModel, loadFolderModel } from "./converse-model.ts";
import { type Conversation, converse, textOf } from "./converse-run.ts";
import { formatWav } from "./wav.ts";

async function main(args: readonly string[]): Promise<void> {
  const options = parseConverseArguments(args);
  const mic = await readMicrophone(options.input);
  const loaded = await loadFolderModel(options.model, options.threads);
  const settings = options.seed === null ? {} : { seed: options.seed };
  const conversation = await converse(loaded.model, mic.pcm, settings, options.tailSeconds);
  await loaded.model.dispose();

  const written = await writeFiles(options, mic, loaded, conversation);
  if (options.json === "-")
    console.log(JSON.stringify(account(mic, loaded, conversation), null, 2));
  else console.log(summary(mic, loaded, conversation, written).join("\n"));
}

/** Returns the names of the files. */
async function writeFiles(
  { out, json, trace }: ConverseArguments,
  mic: Microphone,
  loaded: FolderModel,
  conversation: Conversation,
): Promise<string[]> {
  const files = new Map<string, string | Uint8Array>();
  if (out !== null) {
    const [own, caller] = [conversation.pcm, mic.pcm];
    files.set(out, formatWav({ sampleRate: SAMPLE_RATE, channels: [own] }));
    const mix = `${out.replace(/\.wav$/i, "")}.mix.wav`;
    files.set(mix, formatWav({ sampleRate: SAMPLE_RATE, channels: [caller, own] }));
  }
  if (json !== null && json !== "-") {
    files.set(json, `${JSON.stringify(account(mic, loaded, conversation), null, 2)}\n`);
  }
  if (trace !== null) {
    const { backend, device } = loaded.report;
    const environment = { model: loaded.model.name, modelHash: loaded.hash, backend, device };
    files.set(trace, JSON.stringify(chromeTrace(conversation.profile.spans(), environment)));
  }
  for (const [file, content] of files) {
    await writeFile(file, content).catch((cause: unknown) => {
      throw new SottoError(
        "bad-argument",
        `${file} cannot be written.`,
        "Choose another place.",
        cause,
      );
    });
  }
  return [...files.keys()];
}

/** Everything about a conversation that is not sound, for machines. */
function account(
  mic: Microphone,
  { model, report, hash }: FolderModel,
  conversation: Conversation,
) {
  const { text, tokens, ownCodes, frames, settings } = conversation;
  return {
    input: {
      file: mic.file,
      sampleRate: mic.sampleRate,
      channels: mic.channels,
      seconds: seconds(mic),
    },
    model: { name: model.name, sha256: hash },
    engine: report,
    settings,
    text: textOf(text),
    pieces: text,
    summary: conversation.summary,
    frames: frames.map(({ encodeMs, modelMs, decodeMs, totalMs, ownLevel }, i) => ({
      seconds: (i * FRAME_MS) / 1_000,
      token: tokens[i],
      ownCodes: ownCodes[i],
      encodeMs,
      modelMs,
      decodeMs,
      totalMs,
      ownLevel,
    })),
  };
}

function summary(
  mic: Microphone,
  { model, report }: FolderModel,
  { text, settings, summary: profile }: Conversation,
  written: readonly string[],
): string[] {
  const [first] = text;
  const { total } = profile.stages;
  const said =
    first === undefined ? "(nothing)" : `"${textOf(text)}" from ${first.seconds.toFixed(2)} s on`;
  const times = (["p50", "p95", "max"] as const).map((q) => `${q} ${total[q].toFixed(1)} ms`);
  return [
    `caller   ${mic.file}, ${seconds(mic).toFixed(2)} s`,
    `Sotto    ${said}`,
    `model    ${model.name}, seed ${settings.seed}, ${report.backend} on ${report.device}, threads: ${report.threads}`,
    `speed    real-time factor ${profile.realTimeFactor.toFixed(3)}, a frame takes ${times.join(", ")}`,
    ...written.map((file) => `written  ${file}`),
  ];
}

function seconds({ pcm }: Microphone): number {
  return pcm.length / SAMPLE_RATE;
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const error = SottoError.from(
    thrown,
    "engine-failed",
    "This is a mistake in the program; please report it.",
  );
  console.error(`${error.what} ${error.remedy} [${error.code}]`);
  if (error.detail !== undefined && error.detail !== error.what) console.error(error.detail);
  process.exitCode = error.code === "bad-argument" ? 2 : 1;
}
