// What a loaded model is to the frame loop: three stages, each fed one frame at a time.

import type { SessionSettings } from "../shared/protocol.ts";

/** Streaming Mimi encoder (spec §1.1, §2). Calls must not overlap. */
export interface Encoder {
  /** FRAME_SAMPLES of mono PCM in [-1, 1] → one code a codebook, semantic first. `pcm` is only read during the call. */
  encode(pcm: Float32Array): Promise<Int32Array>;
  /** Back to the start of a stream (spec §2.1). */
  reset(): Promise<void>;
  dispose(): Promise<void>;
}

/** Streaming Mimi decoder (spec §1.2, §2). Calls must not overlap. */
export interface Decoder {
  /** One column of own codes → FRAME_SAMPLES of PCM, a fresh array that the caller owns. */
  decode(codes: Int32Array): Promise<Float32Array<ArrayBuffer>>;
  reset(): Promise<void>;
  dispose(): Promise<void>;
}

/** What one step of the language model yields. */
export interface StepOutput {
  /** Step index p (spec §5.1). */
  readonly step: number;
  /** The text token sampled in this step, X[0][p+1]; the initial token while a text delay fills. */
  readonly textToken: number;
  /** Codes of the own frame that this step completes. null while the acoustic delay fills, and always in a model that only listens. */
  readonly ownCodes: Int32Array | null;
  /** Probability that the user pauses, one a pause head (spec §5.7). Absent in a model without such heads. */
  readonly pauses?: Float32Array;
  /** True from the step on in which the model, told of the end of its input, said that it was done (spec §5.6). */
  readonly ended?: boolean;
}

/** One item of a forced prompt: item i stands at column i + delay of every row (spec §5.8). */
export interface PromptItem {
  readonly text: number;
  /** A code for each own codebook. */
  readonly own: Int32Array;
  /** A code for each user codebook. */
  readonly user: Int32Array;
}

/** Temporal and depth transformer with the delay scheduler (spec §3–§5). Calls must not overlap. */
export interface LanguageModel {
  /**
   * Clears caches, seeds the sampler and runs step 0, which depends on no input (spec §5.1). A prompt of M items goes
   * before the conversation and takes M − 1 more steps (spec §5.8).
   * @throws SottoError `bad-argument` for settings or a prompt that the model cannot follow
   */
  start(settings: SessionSettings, prompt?: readonly PromptItem[]): Promise<void>;
  /** Codes of user frame f → step f+1, or M+f after a prompt. */
  step(userCodes: Int32Array): Promise<StepOutput>;
  /**
   * Tells a model that translates that its source has ended, and runs the step of that mark in place of a user frame
   * (Hibiki, spec §5.6). Go on with `step` and encoded silence until an output says `ended`.
   * @throws SottoError `bad-argument` when the model does not know an end
   */
  endOfInput?(): Promise<StepOutput>;
  dispose(): Promise<void>;
}

/** Text ids → text, one at a time, byte-fallback pieces joined (spec §5.4). */
export interface TextPieces {
  /** "" for padding and control tokens; a leading space where a word begins. */
  push(token: number): string;
  reset(): void;
}

/** A checkpoint directory, loaded and ready to talk. Owns its sessions and buffers. */
export interface SpeechModel {
  readonly name: string;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly language: LanguageModel;
  readonly text: TextPieces;
  /** Defaults from the checkpoint's `lm_gen_config`. */
  readonly defaults: SessionSettings;
  dispose(): Promise<void>;
}
