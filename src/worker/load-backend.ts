// Which back end runs a model: the one rule, pure, so that it can be read and tested. Used by load-model.ts.

import { SottoError } from "../shared/errors.ts";
import type { BackendReport } from "../shared/protocol.ts";

export type BackendChoice = "auto" | "webgpu" | "wasm";

/**
 * Up to this many bytes of weights "auto" takes the CPU. Its cost is reading the weights once a frame, a few
 * milliseconds for so little, while a GPU's is a fixed round trip; and the GPU is then left to the page.
 */
export const SMALL_MODEL_BYTES = 128 * 2 ** 20;
/** A wasm heap ends at 4 GiB, and loading holds weights twice for a moment. */
export const WASM_MODEL_BYTES = 1.5 * 2 ** 30;
/** More threads than this do not make frames of a small model shorter; they take cores from the audio. */
export const WASM_THREADS = 2;

/** The WebGPU adapter, or the reason why there is none that can run a model. */
export type GpuFacts =
  | { readonly usable: true; readonly name: string; readonly software: boolean }
  | {
      readonly usable: false;
      readonly code: "webgpu-absent" | "webgpu-limits";
      readonly why: string;
    };

/** What this machine offers. */
export interface Machine {
  /** Asked only when the answer matters: looking for an adapter starts a process and may print warnings. */
  readonly gpu: () => Promise<GpuFacts>;
  /** Shared memory, and with it wasm threads, needs a cross-origin isolated page (always so in Node). */
  readonly sharedMemory: boolean;
  readonly cores: number;
}

/**
 * Explicit choices are obeyed or refused, never replaced. "auto": a small model runs on the CPU; a larger one on
 * WebGPU if there is a real GPU, else on the CPU if it fits there.
 * @param weightBytes size of all weight files
 * @param threads wasm threads to use at most; the default is WASM_THREADS
 * @throws SottoError `webgpu-absent` or `webgpu-limits` when the model needs a GPU that is not there
 */
export async function chooseBackend(
  asked: BackendChoice,
  weightBytes: number,
  machine: Machine,
  threads: number = WASM_THREADS,
): Promise<BackendReport> {
  const megabytes = `${Math.round(weightBytes / 1e6)} MB`;
  if (asked === "webgpu") {
    const gpu = await machine.gpu();
    if (!gpu.usable) throw noGpu(gpu.code, gpu.why);
    return { backend: "webgpu", device: gpu.name, threads: 1, reason: "WebGPU was asked for." };
  }
  if (asked === "wasm") return onCpu("The CPU was asked for.", machine, threads);
  if (weightBytes <= SMALL_MODEL_BYTES) {
    return onCpu(`The model has ${megabytes}, small enough for the CPU.`, machine, threads);
  }
  const gpu = await machine.gpu();
  if (gpu.usable && !gpu.software) {
    const reason = `The model has ${megabytes} and there is a GPU.`;
    return { backend: "webgpu", device: gpu.name, threads: 1, reason };
  }
  const why = gpu.usable ? `WebGPU runs in software here (${gpu.name}).` : gpu.why;
  if (weightBytes > WASM_MODEL_BYTES) {
    throw noGpu(
      gpu.usable ? "webgpu-absent" : gpu.code,
      `${why} The model has ${megabytes}, too much for the CPU.`,
    );
  }
  return onCpu(`${why} The CPU runs the model instead.`, machine, threads);
}

function onCpu(reason: string, { sharedMemory, cores }: Machine, threads: number): BackendReport {
  const report = { backend: "wasm", device: "CPU" } as const;
  if (threads > 1 && !sharedMemory) {
    return {
      ...report,
      threads: 1,
      reason: `${reason} One thread: this page is not cross-origin isolated.`,
    };
  }
  return { ...report, threads: Math.max(1, Math.min(threads, cores)), reason };
}

function noGpu(code: "webgpu-absent" | "webgpu-limits", what: string): SottoError {
  return new SottoError(
    code,
    what,
    "Choose the built-in model, which runs on the CPU, or use a browser and a device with WebGPU.",
  );
}
