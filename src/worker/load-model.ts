// A checkpoint directory → a SpeechModel that is ready to talk. Runs in the model worker, and in Node for tools.

import { SottoError } from "../shared/errors.ts";
import type { BackendReport, WorkerEvent } from "../shared/protocol.ts";
import { FRAME_SAMPLES } from "../shared/frame.ts";
import { MimiDecoder } from "./codec/decode.ts";
import { MimiEncoder } from "./codec/encode.ts";
import { parseMimiConfig, PUBLISHED_MIMI } from "./codec/mimi-config.ts";
import { type BackendChoice, chooseBackend, type Machine } from "./load-backend.ts";
import { runFrame, startConversation } from "./pipeline.ts";
import type { LoadOrt } from "./runtime/ort.ts";
import { openRuntime } from "./runtime/runtime.ts";
import type { Runtime } from "./runtime/session.ts";
import type { SpeechModel } from "./speech-model.ts";
import { type LmConfig, parseLmConfig, userCodebooks } from "./transformer/config.ts";
import { createLanguageModel } from "./transformer/language-model.ts";
import { textPieces } from "./transformer/text.ts";
import { type ModelFiles, readModelFiles } from "./weights/model-files.ts";
import type { FileSource } from "./weights/source.ts";

/** A model and what it runs on. Disposing of the model frees everything. */
export interface LoadedModel {
  readonly model: SpeechModel;
  readonly report: BackendReport;
}

export interface LoadOptions {
  readonly backend: BackendChoice;
  readonly machine: Machine;
  /** WASM threads at most; the default is WASM_THREADS. */
  readonly threads?: number;
  /** URL of the folder, ending in "/", with ONNX Runtime's own .mjs and .wasm files. */
  readonly ortBase: string;
  /** How to get the runtime's module; the browser's way unless given. */
  readonly loadOrt?: LoadOrt;
}

/** At least: every stage has run once behind any published acoustic delay, and once more. */
const WARM_UP_FRAMES = 4;
/** At most: V8 has compiled ONNX Runtime's WASM for speed after 50 to 100 runs; before, frames take up to four times as long. */
const WARM_UP_FRAMES_MAX = 60;
/** What a visitor is made to wait for that. */
const WARM_UP_MS = 1_500;

/**
 * Reads, verifies, compiles and warms up. Tells progress, phases and the back end as it goes.
 * @throws SottoError with the code of what went wrong; nothing stays allocated then
 */
export async function loadSpeechModel(
  source: FileSource,
  options: LoadOptions,
  emit: (event: WorkerEvent) => void,
): Promise<LoadedModel> {
  emit({ type: "phase", phase: "downloading" });
  const counted = countBytes(source);
  const files = await readModelFiles(counted, (progress) => emit({ type: "progress", progress }));
  const config = parseLmConfig(files.config);

  emit({ type: "phase", phase: "compiling" });
  const { runtime, report } = await openChosenRuntime(counted.bytes(), options);
  emit({ type: "backend", report });
  const model = await compile(files, config, runtime).catch(async (thrown: unknown) => {
    await runtime.dispose();
    throw thrown;
  });
  try {
    emit({ type: "phase", phase: "warming-up" });
    await warmUp(model);
  } catch (thrown) {
    await model.dispose();
    throw thrown;
  }
  return { model, report };
}

/** "auto" falls back to the CPU, by the same rule, when the GPU turns out to be unusable only on opening it. */
async function openChosenRuntime(
  weightBytes: number,
  { backend, machine, threads, ...ort }: LoadOptions,
): Promise<{ runtime: Runtime; report: BackendReport }> {
  const chosen = await chooseBackend(backend, weightBytes, machine, threads);
  try {
    return { runtime: await openRuntime({ ...ort, ...chosen }), report: chosen };
  } catch (thrown) {
    if (backend !== "auto" || !(thrown instanceof SottoError)) throw thrown;
    const { code, what } = thrown;
    if (code !== "webgpu-absent" && code !== "webgpu-limits") throw thrown;
    const gpu = { usable: false, code, why: what } as const;
    const withoutGpu: Machine = { ...machine, gpu: () => Promise.resolve(gpu) };
    const second = await chooseBackend(backend, weightBytes, withoutGpu, threads);
    return { runtime: await openRuntime({ ...ort, ...second }), report: second };
  }
}

async function compile(
  files: ModelFiles,
  config: LmConfig,
  runtime: Runtime,
): Promise<SpeechModel> {
  const codec = files.codecConfig === null ? PUBLISHED_MIMI : parseMimiConfig(files.codecConfig);
  if (config.depQ === 0) {
    throw new SottoError(
      "model-unsupported",
      `The model ${files.name} only listens: it has no codebooks of its own.`,
      "Choose a model that speaks.",
    );
  }
  if (config.card !== codec.bins) {
    throw new SottoError(
      "model-shape-mismatch",
      `The language model of ${files.name} knows ${config.card} codes, its codec has ${codec.bins}.`,
      "Its files do not belong together; get all of them again from one place.",
    );
  }
  if (files.tokenizer === null) {
    throw new SottoError(
      "model-file-missing",
      `The model directory of ${files.name} has no tokenizer.`,
      "Check the model's address, or choose another model.",
    );
  }
  const text = textPieces(files.tokenizer);
  const parts: { dispose(): Promise<void> }[] = [];
  const keep = <T extends { dispose(): Promise<void> }>(part: T): T => {
    parts.push(part);
    return part;
  };
  // After a lost GPU some parts may fail to free what no longer exists; the others are freed all the same.
  const disposeParts = () => Promise.allSettled(parts.map((part) => part.dispose()));
  const dispose = async (): Promise<void> => {
    await disposeParts();
    await runtime.dispose();
  };
  try {
    const heard = userCodebooks(config);
    const encoder = keep(await MimiEncoder.create(runtime, codec, files.codec, heard));
    const decoder = keep(await MimiDecoder.create(runtime, codec, files.codec, config.depQ));
    const language = keep(await createLanguageModel(runtime, config, files.language));
    const { name } = files;
    return { name, encoder, decoder, language, text, defaults: config.defaults, dispose };
  } catch (thrown) {
    await disposeParts();
    throw thrown;
  }
}

/** The first runs compile kernels and fill caches: let silence pay for that, and look whether numbers come out. */
async function warmUp(model: SpeechModel): Promise<void> {
  await startConversation(model, model.defaults);
  const silence = new Float32Array(FRAME_SAMPLES);
  const end = performance.now() + WARM_UP_MS;
  for (let frame = 0; frame < WARM_UP_FRAMES_MAX; frame++) {
    if (frame >= WARM_UP_FRAMES && performance.now() > end) return;
    await runFrame(model, frame, silence);
  }
}

/** The same source, with a count of the bytes that went through it. */
function countBytes(source: FileSource): FileSource & { bytes(): number } {
  let total = 0;
  return {
    place: source.place,
    bytes: () => total,
    async read(name, onProgress) {
      const file = await source.read(name, onProgress);
      total += file?.length ?? 0;
      return file;
    },
  };
}
