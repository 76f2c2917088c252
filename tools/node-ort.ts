// ONNX Runtime Web in Node: its wasm build runs here as it does in a browser, threads included.

import { configure, type LoadOrt } from "../src/worker/runtime/ort.ts";

export const loadOrtInNode: LoadOrt = async ({ threads }) => {
  const ort = await import("onnxruntime-web/wasm");
  configure(ort, threads);
  return ort;
};
