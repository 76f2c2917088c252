// How loud a node of the audio graph is just now. Page thread; it sees a level, and never passes audio on.

/** About 40 ms at 24 kHz: longer than from one animation frame to the next, so that nothing is missed. */
const WINDOW_SAMPLES = 1_024;

/** Connect a node to `input`. */
export class LevelMeter {
  readonly input: AnalyserNode;
  readonly #samples = new Float32Array(WINDOW_SAMPLES);

  constructor(context: AudioContext) {
    this.input = new AnalyserNode(context, { fftSize: WINDOW_SAMPLES });
  }

  /** RMS of the last samples, 0…1. */
  read(): number {
    this.input.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.sqrt(sum / WINDOW_SAMPLES);
  }
}
