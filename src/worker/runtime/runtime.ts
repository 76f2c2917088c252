// Opens ONNX Runtime on one back end. Browser worker or Node.

import { SottoError } from "../../shared/errors.ts";
import type { Lowering } from "../graph/index.ts";
import { openGpu } from "./device.ts";
import { WeightBuffers } from "./gpu-buffers.ts";
import type { LoadOrt } from "./ort.ts";
import { loadOrtInBrowser } from "./ort.ts";
import type { Runtime } from "./session.ts";
import { Turnstile } from "./turnstile.ts";
import { createWasmSession } from "./wasm-session.ts";
import { createWebGpuSession } from "./webgpu-session.ts";

export interface RuntimeOptions {
  readonly backend: Lowering;
  /** WASM threads, at least 1. Ignored where SharedArrayBuffer is missing. */
  readonly threads: number;
  /** URL of the folder, ending in "/", that serves ONNX Runtime's own .mjs and .wasm files. */
  readonly ortBase: string;
  /** How to get the runtime's module; the browser's way unless given. */
  readonly loadOrt?: LoadOrt;
}

/** Opens a runtime. Throws SottoError `webgpu-absent`, `webgpu-limits` or `engine-failed`. */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { backend, loadOrt = loadOrtInBrowser } = options;
  const threads = backend === "wasm" && "SharedArrayBuffer" in globalThis ? options.threads : 1;
  const gpu = backend === "webgpu" ? await openGpu() : null;
  const ort = await loadOrt({ backend, threads, ortBase: options.ortBase }).catch(
    (cause: unknown) => {
      gpu?.close();
      throw new SottoError(
        "engine-failed",
        "The inference engine could not be loaded.",
        "Check the connection and start again.",
        cause,
      );
    },
  );
  const turnstile = new Turnstile();
  if (!gpu)
    return {
      backend,
      device: "CPU",
      threads,
      lost: new Promise(() => undefined),
      createSession: (graph, sharing) => createWasmSession(ort, turnstile, graph, sharing),
      dispose: () => turnstile.pass(async () => undefined),
    };
  const weights = new WeightBuffers(gpu.device);
  return {
    backend,
    device: gpu.name,
    threads,
    lost: gpu.lost,
    createSession: (graph, sharing) =>
      createWebGpuSession({ ort, gpu, weights, turnstile }, graph, sharing),
    dispose: () => turnstile.pass(async () => gpu.close()),
  };
}
