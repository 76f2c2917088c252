// Which build of ONNX Runtime Web runs, and how it is configured. Browser worker only; Node passes its own loader.

import type * as OrtModule from "onnxruntime-web";
import type { Lowering } from "../graph/index.ts";

export type Ort = typeof OrtModule;

export interface OrtOptions {
  readonly backend: Lowering;
  /** WASM threads; more than 1 needs SharedArrayBuffer. */
  readonly threads: number;
  /** URL of the folder, ending in "/", that serves the ort-wasm-*.mjs and .wasm files of the pinned version. */
  readonly ortBase: string;
}

/** Loads and configures the runtime. Its settings are global to the module: one runtime of each kind in a thread. */
export type LoadOrt = (options: OrtOptions) => Promise<Ort>;

/** JavaScript promise integration: the WebGPU build with it is 10 MB smaller than the one without. */
function hasPromiseIntegration(): boolean {
  return "Suspending" in WebAssembly && "promising" in WebAssembly;
}

export const loadOrtInBrowser: LoadOrt = async ({ backend, threads, ortBase }) => {
  const ort: Ort =
    backend === "wasm"
      ? await import("onnxruntime-web/wasm")
      : hasPromiseIntegration()
        ? await import("onnxruntime-web/jspi")
        : await import("onnxruntime-web/webgpu");
  ort.env.wasm.wasmPaths = ortBase;
  configure(ort, threads);
  return ort;
};

/** Settings that hold for every thread and process. */
export function configure(ort: Ort, threads: number): void {
  ort.env.wasm.numThreads = threads;
  // The runtime warns about harmless placement decisions on stderr; errors are thrown as well.
  ort.env.logLevel = "error";
}
