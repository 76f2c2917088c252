// What this browser offers to run a model on. Browser worker only.

import type { GpuFacts, Machine } from "./load-backend.ts";

/** Names under which adapters without a GPU go: Chromium's SwiftShader, Mesa's llvmpipe, Windows' WARP. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|warp\b/i;

/** A snapshot of the globals; the GPU is asked for when needed. */
export function thisBrowser(): Machine {
  return {
    gpu: findGpu,
    sharedMemory: globalThis.crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
  };
}

async function findGpu(): Promise<GpuFacts> {
  // The types promise navigator.gpu; browsers without WebGPU, and insecure pages, do not have it.
  const { gpu } = navigator as { readonly gpu?: GPU };
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const why = gpu ? "WebGPU found no graphics adapter." : "This browser has no WebGPU.";
    return { usable: false, code: "webgpu-absent", why };
  }
  const { info } = adapter;
  const name = info.description || [info.vendor, info.architecture].filter(Boolean).join(" ");
  const software =
    info.isFallbackAdapter || SOFTWARE.test(`${name} ${info.architecture} ${info.device}`);
  return { usable: true, name: name || "GPU", software };
}
