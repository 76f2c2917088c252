// Every state of the card as plain data, for screenshots and for the tests of the elements. Never part of the build.

import type { SottoErrorCode, SottoErrorData } from "../../src/shared/errors.ts";
import type { BackendReport } from "../../src/shared/protocol.ts";
import { FIRST_VIEW, type CardView, type Levels } from "../../src/ui/card-view.ts";

export interface GalleryState {
  readonly view: CardView;
  readonly levels: Levels;
}

const QUIET: Levels = { user: 0.002, own: 0 };
const USER_TALKS: Levels = { user: 0.11, own: 0 };
const OWN_TALKS: Levels = { user: 0.002, own: 0.12 };
const BOTH_TALK: Levels = { user: 0.09, own: 0.1 };

const CPU: BackendReport = {
  backend: "wasm",
  device: "CPU",
  threads: 2,
  reason: "This browser has no WebGPU, so the model runs on the processor.",
};
const GPU: BackendReport = {
  backend: "webgpu",
  device: "Apple M3",
  threads: 1,
  reason: "WebGPU passed the self-test and is the faster of the two.",
};

const LOADED: CardView = {
  ...FIRST_VIEW,
  look: "ready",
  report: CPU,
  microphones: [
    { id: "built-in", label: "Built-in microphone" },
    { id: "headset", label: "USB headset (Jabra Evolve 20 MS)" },
  ],
};
const TALK: CardView = {
  ...LOADED,
  look: "listening",
  caller: { kind: "mic" },
  pace: { p50Ms: 11.4, p95Ms: 17.2, realTimeFactor: 0.15 },
  turns: [
    { id: 1, text: "hello, what can I get you?" },
    { id: 2, text: "a large latte, coming up." },
  ],
};

function failed(code: SottoErrorCode, what: string, remedy: string, detail?: string): CardView {
  const error: SottoErrorData = { code, what, remedy, ...(detail === undefined ? {} : { detail }) };
  return {
    ...FIRST_VIEW,
    look: code === "browser-unsupported" ? "unsupported" : "failed",
    error,
  };
}

/** By name, one at least for every look. */
export const STATES: Readonly<Record<string, GalleryState>> = {
  unsupported: {
    view: failed(
      "browser-unsupported",
      "This browser has no audio worklets.",
      "Use a current Chrome, Edge, Firefox or Safari.",
    ),
    levels: QUIET,
  },
  loading: {
    view: {
      ...FIRST_VIEW,
      meter: {
        phase: "downloading",
        files: [
          { file: "models/wren/config.json", loadedBytes: 2_100, totalBytes: 2_100 },
          { file: "models/wren/mimi.safetensors", loadedBytes: 4_700_000, totalBytes: 5_900_000 },
          { file: "models/wren/moshi.safetensors", loadedBytes: 900_000, totalBytes: 5_100_000 },
        ],
        loadedBytes: 5_602_100,
        totalBytes: 11_002_100,
        bytesPerSecond: 3_400_000,
        samples: [],
      },
    },
    levels: QUIET,
  },
  queued: {
    view: {
      ...FIRST_VIEW,
      caller: { kind: "mic" },
      meter: {
        phase: "compiling",
        files: [
          { file: "models/wren/mimi.safetensors", loadedBytes: 5_900_000, totalBytes: 5_900_000 },
          { file: "models/wren/moshi.safetensors", loadedBytes: 5_100_000, totalBytes: 5_100_000 },
        ],
        loadedBytes: 11_000_000,
        totalBytes: 11_000_000,
        bytesPerSecond: null,
        samples: [],
      },
    },
    levels: QUIET,
  },
  ready: { view: { ...LOADED, microphones: [] }, levels: QUIET },
  starting: { view: { ...LOADED, look: "starting", caller: { kind: "mic" } }, levels: QUIET },
  listening: { view: TALK, levels: USER_TALKS },
  speaking: { view: { ...TALK, look: "speaking", report: GPU }, levels: OWN_TALKS },
  both: { view: { ...TALK, look: "both" }, levels: BOTH_TALK },
  sample: {
    view: {
      ...TALK,
      look: "speaking",
      caller: { kind: "sample", sampleId: "caller-1" },
      turns: [{ id: 1, text: "which size would you" }],
    },
    levels: OWN_TALKS,
  },
  muted: { view: { ...TALK, look: "muted", muted: true }, levels: { user: 0, own: 0.03 } },
  degraded: {
    view: {
      ...TALK,
      look: "degraded",
      degraded: "A frame of 80 ms takes 104 ms: other programs may be using the processor.",
      pace: { p50Ms: 104, p95Ms: 131, realTimeFactor: 1.3 },
    },
    levels: USER_TALKS,
  },
  stopping: { view: { ...TALK, look: "stopping", caller: null }, levels: QUIET },
  failed: {
    view: failed(
      "worker-died",
      "The engine has not answered for 8 seconds.",
      "Try again: the model is loaded afresh.",
      "RangeError: WebAssembly.Memory.grow(): Unable to grow instance memory",
    ),
    levels: QUIET,
  },
  "mic-denied": {
    view: {
      ...failed(
        "mic-denied",
        "The browser did not let the page use the microphone.",
        "Allow it from the icon left of the address, then try again. A reload is not needed.",
      ),
      report: CPU,
    },
    levels: QUIET,
  },
  "webgpu-absent": {
    view: {
      ...failed(
        "webgpu-absent",
        "WebGPU was asked for, but this browser offers no adapter.",
        "Run on the CPU, or switch on hardware acceleration and try again.",
      ),
      backend: "webgpu",
    },
    levels: QUIET,
  },
};
