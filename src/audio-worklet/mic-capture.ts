// Makes 24 kHz frames of what the microphone gives, one quantum at a time. Pure; allocates at construction only.
// The mic worklet runs it on the audio thread.

import { FRAME_SAMPLES, QUANTUM_SAMPLES, SAMPLE_RATE } from "../shared/frame.ts";
import type { MicFrameMessage } from "../shared/protocol.ts";
import { Resampler } from "./resample.ts";

/** Cuts one capture into frames. Every sample of input counts, silence too: the model's clock is the number of frames. */
export class MicCapture {
  /** Replaces what comes by zeros; frames go on. */
  muted = false;

  readonly #onFrame: (frame: MicFrameMessage) => void;
  readonly #resampler: Resampler | null;
  readonly #resampled: Float32Array;
  readonly #silence = new Float32Array(QUANTUM_SAMPLES);
  /** The one message, filled again and again. */
  readonly #frame = {
    type: "mic-frame" as const,
    index: 0,
    samples: new Float32Array(FRAME_SAMPLES),
    contextTime: 0,
  };
  #filled = 0;
  #levelSum = 0;
  #levelCount = 0;

  /**
   * `contextRate` in Hz. `onFrame` is given the same object every time and must copy what it keeps, as `postMessage`
   * does.
   */
  constructor(contextRate: number, onFrame: (frame: MicFrameMessage) => void) {
    this.#onFrame = onFrame;
    this.#resampler = contextRate === SAMPLE_RATE ? null : new Resampler(contextRate, SAMPLE_RATE);
    this.#resampled = new Float32Array(this.#resampler?.largestOutput(QUANTUM_SAMPLES) ?? 0);
  }

  /** Frames completed so far. */
  get frames(): number {
    return this.#frame.index;
  }

  /**
   * Takes one quantum; `undefined` (nothing is connected) is silence. `endTime` is the context time, in seconds, of the
   * sample after its last one.
   */
  take(quantum: Float32Array | undefined, endTime: number): void {
    const samples = this.muted || quantum === undefined ? this.#silence : quantum;
    if (this.#resampler === null) {
      this.#append(samples, samples.length, endTime);
    } else {
      const count = this.#resampler.process(samples, samples.length, this.#resampled);
      this.#append(this.#resampled, count, endTime - this.#resampler.delaySeconds);
    }
  }

  /** RMS of what has come since the last call. */
  takeLevel(): number {
    const level = this.#levelCount === 0 ? 0 : Math.sqrt(this.#levelSum / this.#levelCount);
    this.#levelSum = 0;
    this.#levelCount = 0;
    return level;
  }

  #append(samples: Float32Array, count: number, endTime: number): void {
    const frame = this.#frame;
    for (let i = 0; i < count; i++) {
      const sample = samples[i] ?? 0;
      this.#levelSum += sample * sample;
      frame.samples[this.#filled++] = sample;
      if (this.#filled === FRAME_SAMPLES) {
        frame.contextTime = endTime - (count - 1 - i) / SAMPLE_RATE;
        this.#onFrame(frame);
        frame.index++;
        this.#filled = 0;
      }
    }
    this.#levelCount += count;
  }
}
