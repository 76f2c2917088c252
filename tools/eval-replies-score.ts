// Judges one conversation of the evaluation: what was said, when it began, and what came too early. Pure.

import { SAMPLE_RATE } from "../src/shared/frame.ts";
import { type TextEvent, textOf } from "./converse-run.ts";

/** Sound is speech when its RMS over 20 ms is above this: −46 dB, far over the floor of a decoder in silence. */
export const SPEECH_LEVEL = 0.005;
const WINDOW_SAMPLES = SAMPLE_RATE / 50;
/** Windows in a row above the level before it counts: a click is no word. */
const SUSTAINED_WINDOWS = 3;

/** A stretch of speech, in seconds. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Lower case, letters, digits and apostrophes only, one space between words. */
export function normaliseText(text: string): string {
  return text
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();
}

/** Whether `said` is one of the accepted replies, punctuation and case aside. */
export function isAccepted(said: string, accepted: readonly string[]): boolean {
  const normalised = normaliseText(said);
  return accepted.some((reply) => normaliseText(reply) === normalised);
}

/** Stretches of `pcm` (24 kHz) above SPEECH_LEVEL; gaps shorter than `joinSeconds` belong to the stretch. */
export function speechStretches(pcm: Float32Array, joinSeconds = 0.4): Stretch[] {
  const stretches: { start: number; end: number }[] = [];
  let loudSince: number | null = null;
  const windows = Math.floor(pcm.length / WINDOW_SAMPLES);
  for (let w = 0; w <= windows; w++) {
    const loud = w < windows && rms(pcm, w * WINDOW_SAMPLES) > SPEECH_LEVEL;
    if (loud) {
      loudSince ??= w;
      continue;
    }
    if (loudSince !== null && w - loudSince >= SUSTAINED_WINDOWS) {
      const [start, end] = [seconds(loudSince), seconds(w)];
      const last = stretches.at(-1);
      if (last !== undefined && start - last.end < joinSeconds) last.end = end;
      else stretches.push({ start, end });
    }
    loudSince = null;
  }
  return stretches;
}

export interface CaseScore {
  /** Text from the user's end on, as one reads it. */
  readonly reply: string;
  readonly right: boolean;
  /** Seconds from the user's end to the first own speech after it; null when none came. */
  readonly gapSeconds: number | null;
  /** Own speech or text began before the user's end. */
  readonly falseStart: boolean;
}

/**
 * @param userEnd seconds; everything of Sotto's before it is a false start and no part of the reply
 * @param ownPcm what Sotto said, on the microphone's clock
 */
export function scoreReply(
  text: readonly TextEvent[],
  ownPcm: Float32Array,
  userEnd: number,
  accepted: readonly string[],
): CaseScore {
  const stretches = speechStretches(ownPcm);
  const early = stretches.some(({ start }) => start < userEnd);
  const first = stretches.find(({ start }) => start >= userEnd);
  const reply = textOf(text.filter(({ seconds: at }) => at >= userEnd));
  return {
    reply,
    right: isAccepted(reply, accepted),
    gapSeconds: first === undefined ? null : first.start - userEnd,
    falseStart: early || text.some(({ seconds: at }) => at < userEnd),
  };
}

/**
 * Times that Sotto spoke up in a recording in which nobody speaks to it: stretches of own speech, and pieces of
 * text that come with no such stretch within a second.
 */
export function countFalseStarts(text: readonly TextEvent[], ownPcm: Float32Array): number {
  const stretches = speechStretches(ownPcm, 1);
  const silentText = text.filter(
    ({ seconds: at }) => !stretches.some(({ start, end }) => at > start - 1 && at < end + 1),
  );
  // Pieces less than a second apart are one utterance.
  const utterances = silentText.filter(({ seconds: at }, i) => {
    const previous = silentText[i - 1];
    return previous === undefined || at - previous.seconds >= 1;
  });
  return stretches.length + utterances.length;
}

/** The middle value; the mean of the two middle ones for an even count. null for none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? 0)) / 2;
}

function rms(pcm: Float32Array, from: number): number {
  let sum = 0;
  for (let i = from; i < from + WINDOW_SAMPLES; i++) sum += (pcm[i] ?? 0) ** 2;
  return Math.sqrt(sum / WINDOW_SAMPLES);
}

function seconds(window: number): number {
  return (window * WINDOW_SAMPLES) / SAMPLE_RATE;
}
