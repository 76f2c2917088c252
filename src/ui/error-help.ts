// What the page and docs/errors.md say about each error code: the one source of both, see tools/errors-docs.ts.

import type { SottoErrorCode } from "../shared/errors.ts";

export interface ErrorHelp {
  /** A short headline for the card. */
  readonly title: string;
  /** What happened, for the docs; the card shows the error's own, more exact sentence. */
  readonly happened: string;
  /** Why it happens, the common cause first. */
  readonly why: readonly string[];
  /** What to do, the likeliest cure first. */
  readonly todo: readonly string[];
  /** Whether the loaded model can go on after this error, or the worker has to be made anew. */
  readonly engine: "kept" | "gone";
}

/** One entry a code; the type keeps the table complete. */
export const ERROR_HELP: Readonly<Record<SottoErrorCode, ErrorHelp>> = {
  "mic-denied": {
    title: "The microphone is blocked",
    happened: "The browser did not let the page use the microphone.",
    why: [
      "You, or an earlier visit, chose “Block” when the browser asked.",
      "The system or an administrator forbids this browser to use the microphone.",
      "The page is inside a frame that does not pass the permission on.",
    ],
    todo: [
      "Open the site settings from the icon left of the address, allow the microphone, and try again. A reload is not needed.",
      "On macOS, Windows and phones, see also the privacy settings of the system: the browser needs the microphone there too.",
      "Or use a sample caller: it needs no microphone.",
    ],
    engine: "kept",
  },
  "mic-absent": {
    title: "No microphone found",
    happened: "The browser sees no microphone, or not the one that was chosen.",
    why: [
      "None is plugged in, or a headset is switched off.",
      "The microphone that was picked has been unplugged since.",
    ],
    todo: [
      "Plug one in or switch it on, pick it in the list, and try again.",
      "Or use a sample caller.",
    ],
    engine: "kept",
  },
  "mic-busy": {
    title: "The microphone is in use",
    happened: "The microphone exists and is allowed, but the system would not open it.",
    why: [
      "Another program holds it for itself: a call, a recorder, a virtual audio device.",
      "The driver is in a bad state.",
    ],
    todo: [
      "Close the other program, or pick another microphone, and try again.",
      "Unplug a USB microphone and plug it in again.",
    ],
    engine: "kept",
  },
  "mic-lost": {
    title: "The microphone went away",
    happened: "The microphone stopped while you were talking.",
    why: [
      "It was unplugged, or a wireless headset went out of reach or ran flat.",
      "The permission was taken back during the talk.",
    ],
    todo: ["Connect it again, or pick another, and try again. The model stays loaded."],
    engine: "kept",
  },
  "audio-unavailable": {
    title: "No sound can be played",
    happened: "The browser could not open its audio output, or the audio worklet did not start.",
    why: [
      "No output device exists, or another program holds it.",
      "The browser suspends audio: a phone in a call, a tab in the background.",
    ],
    todo: ["Check that other pages can play sound, bring this tab to the front, and try again."],
    engine: "kept",
  },
  "browser-unsupported": {
    title: "This browser cannot run Sotto",
    happened: "The browser lacks something that Sotto cannot do without.",
    why: [
      "It is older than the features used: WebAssembly, module workers, audio worklets.",
      "The page was opened over plain http from another machine: browsers give audio worklets and the microphone to https and localhost only.",
    ],
    todo: [
      "Use a current Chrome, Edge, Firefox or Safari.",
      "Open the page over https, or on localhost.",
    ],
    engine: "gone",
  },
  "webgpu-absent": {
    title: "No WebGPU here",
    happened: "WebGPU was asked for, but the browser offers none, or no adapter.",
    why: [
      "The browser or the system does not support WebGPU yet.",
      "Hardware acceleration is switched off, or the graphics driver is on the browser's block list.",
    ],
    todo: [
      "Run on the CPU: the embedded model is small enough for it.",
      "Switch on hardware acceleration in the browser's settings, update the graphics driver, and try again.",
    ],
    engine: "gone",
  },
  "webgpu-limits": {
    title: "The GPU is too small for this model",
    happened: "WebGPU is there, but a limit of the adapter is below what the model needs.",
    why: ["Buffers of this GPU or driver may not be as large as the model's biggest tensor."],
    todo: ["Run on the CPU, or choose a smaller model."],
    engine: "gone",
  },
  "webgpu-lost": {
    title: "The GPU was taken away",
    happened: "The browser lost the GPU while the model was on it.",
    why: [
      "The graphics driver was reset or updated, or the machine slept.",
      "Another page or program used up the GPU's memory.",
    ],
    todo: ["Try again: the model is loaded afresh. If it comes back, run on the CPU."],
    engine: "gone",
  },
  "model-file-missing": {
    title: "A file of the model is missing",
    happened: "The server answered that a file of the model does not exist.",
    why: [
      "The model directory was not deployed whole.",
      "The address names a model that is not there.",
    ],
    todo: [
      "If this is your own copy, check that the named file is in the model's directory, then try again.",
    ],
    engine: "gone",
  },
  "model-file-truncated": {
    title: "A file of the model is too short",
    happened: "Fewer bytes arrived than the file must have.",
    why: ["The download broke off.", "The file was cut short when it was copied or deployed."],
    todo: ["Try again. If the same file is named again, deploy it anew."],
    engine: "gone",
  },
  "model-file-malformed": {
    title: "A file of the model cannot be read",
    happened: "The bytes arrived, but they are not a file of the expected format.",
    why: [
      "A server or proxy sent an error page in place of the file.",
      "The file is damaged, or of another format.",
    ],
    todo: ["Try again. If it comes back, deploy the named file anew from the model's source."],
    engine: "gone",
  },
  "model-shape-mismatch": {
    title: "The model does not fit its description",
    happened: "A tensor is missing, or has another shape than the model's config.json says.",
    why: ["config.json and the weights are of different models or versions."],
    todo: ["Deploy config.json and the weights from the same source, then try again."],
    engine: "gone",
  },
  "model-not-finite": {
    title: "The model holds broken numbers",
    happened: "A weight, or a value computed at the self-test, is NaN or infinite.",
    why: ["The file is damaged, or the model was exported badly."],
    todo: ["Deploy the named file anew from its source, then try again."],
    engine: "gone",
  },
  "model-unsupported": {
    title: "This kind of model is not supported yet",
    happened: "The model is well formed, but uses a feature that the engine lacks.",
    why: ["Its config.json asks for a layer, a format or a size that is not built."],
    todo: ["Use another model. The card names the feature: please report it."],
    engine: "gone",
  },
  "network-failed": {
    title: "The model did not arrive",
    happened: "The download failed, or stood still for too long.",
    why: [
      "The connection dropped, or the server is down.",
      "A blocker or a proxy stopped the request.",
    ],
    todo: ["Check the connection and try again."],
    engine: "gone",
  },
  "worker-died": {
    title: "The engine stopped answering",
    happened: "The worker that runs the model crashed, could not start, or no longer answers.",
    why: [
      "The browser ended it for want of memory.",
      "Its script did not load.",
      "A fault in the engine or the graphics driver hung it.",
    ],
    todo: [
      "Try again: a new worker is made and the model loaded afresh.",
      "Close other heavy tabs if it comes back.",
    ],
    engine: "gone",
  },
  "engine-failed": {
    title: "The engine made an error",
    happened: "The runtime that computes the model reported an error.",
    why: ["Memory ran out.", "A fault in the engine, the runtime or the graphics driver."],
    todo: [
      "Try again: the model is loaded afresh.",
      "If it comes back, please report it with the technical detail from the card.",
    ],
    engine: "gone",
  },
  "too-slow": {
    title: "This device cannot keep pace",
    happened:
      "One frame of 80 ms takes much longer than 80 ms to compute, so a talk is not possible.",
    why: [
      "The model is too large for this device.",
      "Other programs use the processor, or the device saves power.",
    ],
    todo: ["Close other programs, plug the device in, and try again, or choose a smaller model."],
    engine: "kept",
  },
  "bad-argument": {
    title: "The address asks for something unknown",
    happened:
      "A setting in the address of the page, or of a command, has a value that is not allowed.",
    why: ["A typing error, or a link made for another version."],
    todo: ["Correct the named setting, or open the page without it."],
    engine: "gone",
  },
};
