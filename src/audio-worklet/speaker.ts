// The speaker worklet: frames from the worker's port → jitter buffer → the audio graph. Audio thread: waits for nothing,
// allocates nothing while rendering; each message brings its own frame, 12.5 a second.

import type { SpeakerControl, SpeakerMessage } from "../shared/protocol.ts";
import { SPEAKER_PROCESSOR } from "../shared/protocol.ts";
import { Recorder } from "./recorder.ts";
import { SpeakerOutput } from "./speaker-output.ts";

/** Samples from one report to the next: 5 a second. */
const STATS_EVERY = sampleRate / 5;

class SpeakerProcessor extends AudioWorkletProcessor {
  readonly #output = new SpeakerOutput(sampleRate);
  #worker: MessagePort | null = null;
  #recorder: Recorder | null = null;
  #sinceStats = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<SpeakerControl>) => this.#control(data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const mono = outputs[0]?.[0];
    if (mono === undefined) return true;
    this.#output.render(mono);
    this.#recorder?.take(mono, mono.length, currentFrame);
    this.#sinceStats += mono.length;
    if (this.#sinceStats >= STATS_EVERY) {
      this.#sinceStats -= STATS_EVERY;
      this.port.postMessage(this.#output.takeStats());
    }
    return true;
  }

  #control(message: SpeakerControl): void {
    switch (message.type) {
      case "connect":
        this.#worker = message.port;
        message.port.onmessage = ({ data }: MessageEvent<SpeakerMessage>) => {
          this.#output.receive(data);
        };
        break;
      case "close":
        this.#output.receive({ type: "flush" });
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

registerProcessor(SPEAKER_PROCESSOR, SpeakerProcessor);
