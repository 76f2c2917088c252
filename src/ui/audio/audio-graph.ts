// The nodes between a source, the two worklets and the speaker, in one context. Page thread.
//
//   source ─► mic worklet ─port─► worker ─port─► speaker worklet ─► destination
//        └─► meter                                          └─► meter

import micWorkletUrl from "../../audio-worklet/mic.ts?worker&url";
import speakerWorkletUrl from "../../audio-worklet/speaker.ts?worker&url";
import {
  MIC_PROCESSOR,
  SPEAKER_PROCESSOR,
  type MicControl,
  type MicStats,
  type SpeakerControl,
  type SpeakerStats,
} from "../../shared/protocol.ts";
import { workletFailed } from "./audio-errors.ts";
import { LevelMeter } from "./level-meter.ts";
import type { VoicePorts } from "./voice-io.ts";

export interface AudioGraphListener {
  onMicStats(stats: MicStats): void;
  onSpeakerStats(stats: SpeakerStats): void;
  /** A processor threw; its worklet is silent from now on. */
  onWorkletFailure(): void;
}

export class AudioGraph {
  readonly micLevel: LevelMeter;
  readonly speakerLevel: LevelMeter;
  readonly #mic: AudioWorkletNode;
  readonly #speaker: AudioWorkletNode;

  private constructor(context: AudioContext, listener: AudioGraphListener) {
    this.micLevel = new LevelMeter(context);
    this.speakerLevel = new LevelMeter(context);
    const mono: AudioWorkletNodeOptions = {
      channelCount: 1,
      channelCountMode: "explicit",
      numberOfOutputs: 1,
      outputChannelCount: [1],
    };
    this.#mic = new AudioWorkletNode(context, MIC_PROCESSOR, { ...mono, numberOfInputs: 1 });
    this.#speaker = new AudioWorkletNode(context, SPEAKER_PROCESSOR, {
      ...mono,
      numberOfInputs: 0,
    });
    // The mic worklet puts out silence: only a node on the way to the destination is sure to run.
    this.#mic.connect(context.destination);
    this.#speaker.connect(context.destination);
    this.#speaker.connect(this.speakerLevel.input);
    this.#mic.port.onmessage = ({ data }: MessageEvent<MicStats>) => listener.onMicStats(data);
    this.#speaker.port.onmessage = ({ data }: MessageEvent<SpeakerStats>) => {
      listener.onSpeakerStats(data);
    };
    for (const node of [this.#mic, this.#speaker]) {
      node.onprocessorerror = () => listener.onWorkletFailure();
    }
  }

  /** Loads the worklets and makes the nodes. Throws SottoError audio-unavailable. */
  static async open(context: AudioContext, listener: AudioGraphListener): Promise<AudioGraph> {
    try {
      await Promise.all([
        context.audioWorklet.addModule(micWorkletUrl),
        context.audioWorklet.addModule(speakerWorkletUrl),
      ]);
      return new AudioGraph(context, listener);
    } catch (thrown) {
      throw workletFailed(thrown);
    }
  }

  /** Lets a source speak; several are added up. Its own `disconnect` takes it away. */
  attach(source: AudioNode): void {
    source.connect(this.#mic);
    source.connect(this.micLevel.input);
  }

  /** Makes the wires, and returns the worker's ends. Frames flow from here on. Call once. */
  connectWorker(): VoicePorts {
    const mic = new MessageChannel();
    const speaker = new MessageChannel();
    this.#tellMic({ type: "connect", port: mic.port1 }, [mic.port1]);
    this.#tellSpeaker({ type: "connect", port: speaker.port1 }, [speaker.port1]);
    return { mic: mic.port2, speaker: speaker.port2 };
  }

  setMuted(muted: boolean): void {
    this.#tellMic({ type: "mute", muted });
  }

  /** Closes the wires and fades Sotto out; the context is the caller's to close, some milliseconds later. */
  close(): void {
    this.#tellMic({ type: "close" });
    this.#tellSpeaker({ type: "close" });
    this.#mic.port.onmessage = null;
    this.#speaker.port.onmessage = null;
  }

  #tellMic(message: MicControl, transfer: Transferable[] = []): void {
    this.#mic.port.postMessage(message, transfer);
  }

  #tellSpeaker(message: SpeakerControl, transfer: Transferable[] = []): void {
    this.#speaker.port.postMessage(message, transfer);
  }
}
