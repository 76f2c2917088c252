// Every message between threads, one union per wire. Compiles for page, worker and worklet.

/** Names under which the worklets register their processors. */
export const MIC_PROCESSOR = "sotto-mic";
export const SPEAKER_PROCESSOR = "sotto-speaker";

/** Page → mic worklet, on the node's own port. */
export type MicControl =
  /** Frames begin to go to `port`, counted from 0. */
  | { readonly type: "connect"; readonly port: MessagePort }
  | { readonly type: "mute"; readonly muted: boolean }
  /** Closes the port; the processor lives as long as its context. */
  | { readonly type: "close" }
  | RecordControl;

/** Page → speaker worklet, on the node's own port. */
export type SpeakerControl =
  | { readonly type: "connect"; readonly port: MessagePort }
  /** As for the mic. What is being heard fades out, which takes 5 ms. */
  | { readonly type: "close" }
  | RecordControl;

/** Test → worklet: from now on what goes through it is mirrored to `port`. The page itself never asks for it. */
export interface RecordControl {
  readonly type: "record";
  readonly port: MessagePort;
}

/** Worklet → test. What came in (mic, before muting) or went out (speaker), at the context's rate. */
export interface RecordingMessage {
  readonly type: "recording";
  /** Place of the first sample on the context's clock, in samples: one clock for both worklets. */
  readonly startFrame: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

/**
 * Mic worklet → worker, on the direct port. `samples` is FRAME_SAMPLES long, a copy that the receiver owns.
 * `contextTime` is the AudioContext time, in seconds, of the sample after the frame's last one.
 */
export interface MicFrameMessage {
  readonly type: "mic-frame";
  /** Counts frames since the capture began; a gap means that frames were lost. */
  readonly index: number;
  readonly samples: Float32Array<ArrayBuffer>;
  readonly contextTime: number;
}

/** Worker → speaker worklet, on the direct port. `samples` is transferred. `flush` drops what is buffered. */
export type SpeakerMessage =
  | {
      readonly type: "speaker-frame";
      readonly index: number;
      readonly samples: Float32Array<ArrayBuffer>;
    }
  | { readonly type: "flush" };

/** What the speaker worklet counts, posted about 5 times a second. Samples at 24 kHz. */
export interface SpeakerStats {
  readonly type: "speaker-stats";
  readonly playedFrames: number;
  /** Times the buffer ran dry while a frame was due. */
  readonly underruns: number;
  /** Samples dropped because the buffer was over its cap. */
  readonly droppedSamples: number;
  readonly bufferedSamples: number;
  readonly targetSamples: number;
  /** RMS of the last rendered stretch, 0…1. */
  readonly level: number;
}

/** What the mic worklet counts, posted about 15 times a second. */
export interface MicStats {
  readonly type: "mic-stats";
  /** RMS of the last stretch, 0…1; 0 while muted. */
  readonly level: number;
  readonly capturedFrames: number;
}

/** Load progress of one file, as the worker reads it. */
export interface FileProgress {
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** What runs the model, and why that one. */
export interface BackendReport {
  readonly backend: "webgpu" | "wasm";
  /** The adapter's name, or "CPU". */
  readonly device: string;
  readonly threads: number;
  /** One sentence: why this back end was chosen. Shown on the page; there is no silent fallback. */
  readonly reason: string;
}

/** One frame's account, worker → page, through the telemetry port. Times in milliseconds. */
export interface FrameReport {
  readonly frame: number;
  /** When the frame was taken up, on the worker's `performance.now` clock. */
  readonly startMs: number;
  readonly encodeMs: number;
  readonly modelMs: number;
  readonly decodeMs: number;
  readonly totalMs: number;
  /** Mic frames that were waiting when this one was taken. */
  readonly backlog: number;
  /** RMS of the own frame, 0…1. */
  readonly ownLevel: number;
  /** Text piece of this step, "" when the token is padding. */
  readonly text: string;
}

/** Worker → page, on the telemetry port. */
export type WorkerEvent =
  | { readonly type: "progress"; readonly progress: FileProgress }
  | {
      readonly type: "phase";
      readonly phase: "downloading" | "verifying" | "compiling" | "warming-up";
    }
  | { readonly type: "backend"; readonly report: BackendReport }
  | { readonly type: "frame"; readonly report: FrameReport }
  /** The engine cannot keep 80 ms; `null` when it can again. */
  | { readonly type: "degraded"; readonly reason: string | null }
  | { readonly type: "failed"; readonly error: import("./errors.ts").SottoErrorData };

/** How a session runs; a session is a pure function of (weights, settings, mic frames). */
export interface SessionSettings {
  readonly seed: number;
  /** 0 is argmax. */
  readonly textTemperature: number;
  readonly textTopK: number;
  readonly audioTemperature: number;
  readonly audioTopK: number;
}

/** What the page asks of the worker, through comlink. Control only: audio and telemetry use the ports. */
export interface WorkerApi {
  /** Loads a model directory (a URL ending in "/"). Rejects with SottoErrorData. Safe to call again after a failure. */
  load(modelUrl: string, backend: "auto" | "webgpu" | "wasm"): Promise<BackendReport>;
  /** Starts a conversation; frames flow between the two ports. `settings` are laid over the model's defaults. */
  start(
    micPort: MessagePort,
    speakerPort: MessagePort,
    settings: Partial<SessionSettings>,
  ): Promise<void>;
  /** Ends the conversation, keeps the model. */
  stop(): Promise<void>;
  /** Where WorkerEvents go; call once, before load. */
  subscribe(port: MessagePort): Promise<void>;
  /** A heartbeat for the watchdog. */
  ping(): Promise<void>;
}
