// One conversation without a browser: a microphone's worth of PCM through the frame loop's own code. Node only.
// The model is loaded once by the caller and can hold any number of conversations, one after another.

import { FrameProfile, type ProfileSummary } from "../src/profile/frame-profile.ts";
import { FRAME_MS, FRAME_SAMPLES } from "../src/shared/frame.ts";
import type { FrameReport, SessionSettings } from "../src/shared/protocol.ts";
import { runFrame, startConversation } from "../src/worker/pipeline.ts";
import type { SpeechModel } from "../src/worker/speech-model.ts";

/** A piece of the text stream. */
export interface TextEvent {
  /** Seconds from the start of the microphone: when the frame that brought the piece had been heard. */
  readonly seconds: number;
  /** Begins with a space where a word begins. */
  readonly piece: string;
}

export interface Conversation {
  /**
   * What Sotto said, on the microphone's clock: an own frame begins when the mic frame that completed it ends,
   * as it would on an infinitely fast machine. One frame longer than the (padded) microphone.
   */
  readonly pcm: Float32Array<ArrayBuffer>;
  /** Text token of every frame. */
  readonly tokens: readonly number[];
  /** Own codes of every frame; null while the acoustic delay fills. */
  readonly ownCodes: readonly (readonly number[] | null)[];
  readonly text: readonly TextEvent[];
  readonly frames: readonly Omit<FrameReport, "backlog">[];
  readonly profile: FrameProfile;
  readonly summary: ProfileSummary;
  /** The settings in force, the model's defaults included. */
  readonly settings: SessionSettings;
}

/**
 * Holds a conversation from nothing. The same model, settings and PCM give the same tokens.
 * @param pcm mono at 24 kHz; the last frame is filled up with silence
 * @param tailSeconds silence after it, in which Sotto can answer
 */
export async function converse(
  model: SpeechModel,
  pcm: Float32Array,
  settings: Partial<SessionSettings> = {},
  tailSeconds = 0,
): Promise<Conversation> {
  const inForce = { ...model.defaults, ...settings };
  const frameCount = Math.ceil(pcm.length / FRAME_SAMPLES + (tailSeconds * 1_000) / FRAME_MS);
  const said = new Float32Array((frameCount + 1) * FRAME_SAMPLES);
  const tokens: number[] = [];
  const ownCodes: (readonly number[] | null)[] = [];
  const text: TextEvent[] = [];
  const frames: Omit<FrameReport, "backlog">[] = [];
  const profile = new FrameProfile(Math.max(1, frameCount));

  await startConversation(model, inForce);
  const mic = new Float32Array(FRAME_SAMPLES);
  for (let frame = 0; frame < frameCount; frame++) {
    mic.fill(0);
    mic.set(pcm.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES));
    const result = await runFrame(model, frame, mic);
    if (result.pcm !== null) said.set(result.pcm, (frame + 1) * FRAME_SAMPLES);
    tokens.push(result.token);
    ownCodes.push(result.ownCodes === null ? null : [...result.ownCodes]);
    const { report } = result;
    if (report.text !== "")
      text.push({ seconds: ((frame + 1) * FRAME_MS) / 1_000, piece: report.text });
    frames.push(report);
    profile.record({ ...report, backlog: 0 });
  }
  return {
    pcm: said,
    tokens,
    ownCodes,
    text,
    frames,
    profile,
    summary: profile.summary(),
    settings: inForce,
  };
}

/** The text of some events, as one reads it. */
export function textOf(events: readonly TextEvent[]): string {
  return events
    .map(({ piece }) => piece)
    .join("")
    .trim();
}
