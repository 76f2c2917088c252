// Plays frames at the context's rate, one quantum at a time. Pure; allocates at construction only.
// The speaker worklet runs it on the audio thread.

import { FRAME_SAMPLES, QUANTUM_SAMPLES, SAMPLE_RATE } from "../shared/frame.ts";
import type { SpeakerMessage, SpeakerStats } from "../shared/protocol.ts";
import { JitterBuffer } from "./jitter-buffer.ts";
import { Resampler } from "./resample.ts";

/** The jitter buffer at 24 kHz and, where the context has another rate, a resampler behind it. */
export class SpeakerOutput {
  readonly #buffer = new JitterBuffer();
  readonly #resampler: Resampler | null;
  readonly #due: Float32Array;
  readonly #stats: { -readonly [K in keyof SpeakerStats]: SpeakerStats[K] } = {
    type: "speaker-stats",
    playedFrames: 0,
    underruns: 0,
    droppedSamples: 0,
    bufferedSamples: 0,
    targetSamples: 0,
    level: 0,
  };

  /** `contextRate` in Hz. */
  constructor(contextRate: number) {
    this.#resampler = contextRate === SAMPLE_RATE ? null : new Resampler(SAMPLE_RATE, contextRate);
    this.#due = new Float32Array(Math.ceil((QUANTUM_SAMPLES * SAMPLE_RATE) / contextRate) + 1);
  }

  /** Takes what the worker says. Samples are copied. */
  receive(message: SpeakerMessage): void {
    if (message.type === "speaker-frame") this.#buffer.push(message.samples);
    else this.#buffer.flush();
  }

  /** Fills `output`, of at most QUANTUM_SAMPLES samples. */
  render(output: Float32Array): void {
    if (this.#resampler === null) {
      this.#buffer.read(output, output.length);
    } else {
      const due = this.#resampler.inputsFor(output.length);
      this.#buffer.read(this.#due, due);
      this.#resampler.process(this.#due, due, output);
    }
  }

  /** The counters as of now, the level since the last call. The same object every time: copy what is kept. */
  takeStats(): SpeakerStats {
    const stats = this.#stats;
    stats.playedFrames = Math.floor(this.#buffer.played / FRAME_SAMPLES);
    stats.underruns = this.#buffer.underruns;
    stats.droppedSamples = this.#buffer.dropped;
    stats.bufferedSamples = this.#buffer.buffered;
    stats.targetSamples = this.#buffer.target;
    stats.level = this.#buffer.takeLevel();
    return stats;
  }
}
