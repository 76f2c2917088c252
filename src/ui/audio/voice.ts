// Microphone, clips and speaker behind VoiceIo: owns the AudioContext, the graph and the source of one talk. Page thread.

import type { SottoError } from "../../shared/errors.ts";
import { createContext, startContext } from "./audio-context.ts";
import { closedMeanwhile, microphoneLost, noOutput, workletFailed } from "./audio-errors.ts";
import { AudioGraph } from "./audio-graph.ts";
import type { AudioSource } from "./audio-source.ts";
import { ClipSource } from "./clip.ts";
import { listMicrophones, MicrophoneSource, requestMicrophone, stopTracks } from "./microphone.ts";
import type {
  Microphone,
  VoiceIo,
  VoiceLevels,
  VoiceListener,
  VoicePorts,
  VoiceSource,
} from "./voice-io.ts";

/** The speaker worklet's fade of 5 ms, and the time until the audio thread gets to it. */
const FADE_OUT_MS = 30;

/** The audio of this page, closed. `listener` hears of it for as long as the page lives. */
export function createVoice(listener: VoiceListener): VoiceIo {
  return new Voice(listener);
}

class Voice implements VoiceIo {
  readonly #listener: VoiceListener;
  #context: AudioContext | null = null;
  #graph: AudioGraph | null = null;
  #source: AudioSource | null = null;
  #muted = false;
  /** Goes up with every `open` and `close`: what was awaited across one of them is no longer wanted. */
  #epoch = 0;
  #failed = false;

  constructor(listener: VoiceListener) {
    this.#listener = listener;
    // Absent on a page over plain http.
    const devices: MediaDevices | undefined = navigator.mediaDevices;
    devices?.addEventListener("devicechange", () => this.#tellMicrophones());
  }

  get muted(): boolean {
    return this.#muted;
  }

  get contextRate(): number | null {
    return this.#context?.sampleRate ?? null;
  }

  unlock(): void {
    if (this.#context !== null) return;
    try {
      this.#context = createContext();
    } catch {
      // `open` will meet the same, and tell.
    }
  }

  async open(source: VoiceSource): Promise<VoicePorts> {
    const epoch = ++this.#epoch;
    this.#failed = false;
    this.#muted = false;
    try {
      return source.kind === "mic"
        ? await this.#openWithMicrophone(epoch, source.deviceId)
        : await this.#openWithClip(epoch, source.url, source.audible);
    } catch (thrown) {
      if (epoch === this.#epoch) await this.close();
      throw thrown;
    }
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#graph?.setMuted(muted);
  }

  async switchMicrophone(deviceId: string): Promise<void> {
    const epoch = this.#epoch;
    if (this.#graph === null) return;
    const stream = await requestMicrophone(deviceId);
    if (this.#context === null || epoch !== this.#epoch) return stopTracks(stream);
    const old = this.#source;
    this.#source = this.#microphoneIn(this.#context, stream);
    this.#graph.attach(this.#source.node);
    old?.close();
  }

  microphones(): Promise<readonly Microphone[]> {
    return listMicrophones();
  }

  levels(): VoiceLevels {
    if (this.#graph === null) return { mic: 0, speaker: 0 };
    return {
      mic: this.#muted ? 0 : this.#graph.micLevel.read(),
      speaker: this.#graph.speakerLevel.read(),
    };
  }

  async close(): Promise<void> {
    this.#epoch++;
    const context = this.#context;
    const graph = this.#graph;
    const source = this.#source;
    this.#context = null;
    this.#graph = null;
    this.#source = null;
    source?.close();
    graph?.close();
    if (context === null) return;
    context.removeEventListener("statechange", this.#onStateChange);
    context.removeEventListener("error", this.#onOutputLost);
    if (graph !== null) await new Promise((resolve) => setTimeout(resolve, FADE_OUT_MS));
    try {
      await context.close();
    } catch {
      // It was closed already, by the browser.
    }
  }

  async #openWithMicrophone(epoch: number, deviceId: string | null): Promise<VoicePorts> {
    const stream = await requestMicrophone(deviceId);
    if (epoch !== this.#epoch) {
      stopTracks(stream);
      throw closedMeanwhile();
    }
    const context = this.#contextFor(stream);
    const ports = await this.#openGraph(epoch, context);
    // Names become known with the permission.
    this.#tellMicrophones();
    return ports;
  }

  async #openWithClip(epoch: number, url: string, audible: boolean): Promise<VoicePorts> {
    const context = (this.#context ??= createContext());
    const clip = await ClipSource.open(context, url, audible, this.#onClipEnded);
    if (epoch !== this.#epoch) {
      clip.close();
      throw closedMeanwhile();
    }
    this.#source = clip;
    const ports = await this.#openGraph(epoch, context);
    await clip.play();
    return ports;
  }

  /** The context with the stream in it. A browser that cannot bring the stream to 24 kHz gets a context that need not. */
  #contextFor(stream: MediaStream): AudioContext {
    const context = (this.#context ??= createContext());
    try {
      this.#source = new MicrophoneSource(context, stream, this.#onMicrophoneLost);
      return context;
    } catch {
      context.close().catch(() => {});
      this.#context = createContext("device-rate");
      this.#source = this.#microphoneIn(this.#context, stream);
      return this.#context;
    }
  }

  #microphoneIn(context: AudioContext, stream: MediaStream): MicrophoneSource {
    try {
      return new MicrophoneSource(context, stream, this.#onMicrophoneLost);
    } catch (thrown) {
      stopTracks(stream);
      throw noOutput(thrown);
    }
  }

  async #openGraph(epoch: number, context: AudioContext): Promise<VoicePorts> {
    const graph = await AudioGraph.open(context, {
      onMicStats: (stats) => this.#listener.onMicStats?.(stats),
      onSpeakerStats: (stats) => this.#listener.onSpeakerStats?.(stats),
      onWorkletFailure: () => this.#fail(workletFailed()),
    });
    if (epoch === this.#epoch) await startContext(context);
    if (epoch !== this.#epoch || this.#source === null) throw closedMeanwhile();
    context.addEventListener("statechange", this.#onStateChange);
    context.addEventListener("error", this.#onOutputLost);
    this.#graph = graph;
    graph.attach(this.#source.node);
    return graph.connectWorker();
  }

  readonly #onMicrophoneLost = (): void => this.#fail(microphoneLost());

  readonly #onClipEnded = (): void => this.#listener.onClipEnded?.();

  readonly #onOutputLost = (): void => this.#fail(noOutput());

  /** A phone call or a lock screen suspends the context; it may go on as soon as the browser lets it. */
  readonly #onStateChange = (): void => {
    if (this.#context?.state !== "running") this.#context?.resume().catch(() => {});
  };

  #fail(error: SottoError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#listener.onFailure(error);
  }

  #tellMicrophones(): void {
    const { onMicrophones } = this.#listener;
    if (onMicrophones === undefined) return;
    listMicrophones().then(
      (microphones) => this.#listener.onMicrophones?.(microphones),
      // The list is a convenience: without it the picker stays as it is.
      () => {},
    );
  }
}
