// The mic worklet: quanta of the audio graph → frames → the worker's port. Audio thread: allocates nothing, waits for
// nothing. A message is copied by the browser as it is posted, outside of this thread's JavaScript heap.

import { QUANTUM_SAMPLES } from "../shared/frame.ts";
import type { MicControl, MicStats } from "../shared/protocol.ts";
import { MIC_PROCESSOR } from "../shared/protocol.ts";
import { MicCapture } from "./mic-capture.ts";
import { Recorder } from "./recorder.ts";

/** Samples from one report to the next: 15 a second. */
const STATS_EVERY = sampleRate / 15;

class MicProcessor extends AudioWorkletProcessor {
  readonly #stats: { -readonly [K in keyof MicStats]: MicStats[K] } = {
    type: "mic-stats",
    level: 0,
    capturedFrames: 0,
  };
  readonly #capture = new MicCapture(sampleRate, (frame) => this.#worker?.postMessage(frame));
  #worker: MessagePort | null = null;
  #recorder: Recorder | null = null;
  #sinceStats = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<MicControl>) => this.#control(data);
  }

  process(inputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0];
    const length = input?.length ?? QUANTUM_SAMPLES;
    this.#recorder?.take(input, length, currentFrame);
    if (this.#worker === null) return true;
    this.#capture.take(input, (currentFrame + length) / sampleRate);
    this.#sinceStats += length;
    if (this.#sinceStats >= STATS_EVERY) {
      this.#sinceStats -= STATS_EVERY;
      this.#stats.level = this.#capture.takeLevel();
      this.#stats.capturedFrames = this.#capture.frames;
      this.port.postMessage(this.#stats);
    }
    return true;
  }

  #control(message: MicControl): void {
    switch (message.type) {
      case "connect":
        this.#worker = message.port;
        break;
      case "mute":
        this.#capture.muted = message.muted;
        break;
      case "close":
        this.#worker?.close();
        this.#worker = null;
        break;
      case "record":
        this.#recorder = new Recorder(message.port);
        break;
      default:
        message satisfies never;
    }
  }
}

registerProcessor(MIC_PROCESSOR, MicProcessor);
