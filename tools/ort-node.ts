// ONNX Runtime Web in Node: the same WASM as in the browser, found in node_modules. Node only.

import type { LoadOrt } from "../src/worker/runtime/ort.ts";
import { configure } from "../src/worker/runtime/ort.ts";

/** Only for the WASM back end. */
export const loadOrtInNode: LoadOrt = async ({ threads }) => {
  const ort = await import("onnxruntime-web");
  configure(ort, threads);
  return ort;
};
