// Mirrors what goes through a worklet to a port, for tests that judge the very samples. Audio thread; off unless asked for.

import { FRAME_SAMPLES } from "../shared/frame.ts";
import type { RecordingMessage } from "../shared/protocol.ts";

/** Allocates at construction only; a message is copied by the browser as it is posted. */
export class Recorder {
  readonly #port: Pick<MessagePort, "postMessage">;
  readonly #message = {
    type: "recording" as const,
    startFrame: 0,
    samples: new Float32Array(FRAME_SAMPLES),
  } satisfies RecordingMessage;
  #filled = 0;

  constructor(port: Pick<MessagePort, "postMessage">) {
    this.#port = port;
  }

  /** Takes the quantum of `length` samples that begins at `startFrame`; `undefined` is silence. */
  take(quantum: Float32Array | undefined, length: number, startFrame: number): void {
    for (let i = 0; i < length; i++) {
      if (this.#filled === 0) this.#message.startFrame = startFrame + i;
      this.#message.samples[this.#filled++] = quantum?.[i] ?? 0;
      if (this.#filled === FRAME_SAMPLES) {
        this.#port.postMessage(this.#message);
        this.#filled = 0;
      }
    }
  }
}
