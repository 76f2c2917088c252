// Who is audible, from two level streams, with hysteresis so that the page does not flicker between words.
// Pure; levels are RMS, 0…1. The model decides when to speak from audio alone: this is for the eyes only.

import type { Activity } from "./session-machine.ts";

/** A voice counts as begun at `on`, and as ended once it has stayed under `off` for `holdMs`. */
export interface VoiceThresholds {
  readonly on: number;
  readonly off: number;
  readonly holdMs: number;
}

/** A room's hum through a laptop's microphone is near 0.003, speech at arm's length 0.03 to 0.2. */
export const USER_THRESHOLDS: VoiceThresholds = {
  on: 0.02,
  off: 0.01,
  holdMs: 400,
};
/** The own voice comes straight from the decoder: no room, so lower thresholds. */
export const OWN_THRESHOLDS: VoiceThresholds = {
  on: 0.01,
  off: 0.005,
  holdMs: 400,
};

/** One voice: whether it is audible, and since when it has been under `off` (null while above). */
export interface VoiceState {
  readonly audible: boolean;
  readonly quietSinceMs: number | null;
}

export const SILENT: VoiceState = { audible: false, quietSinceMs: null };

/** The voice after one more level. `atMs` must not go back between calls. */
export function hearLevel(
  voice: VoiceState,
  level: number,
  atMs: number,
  thresholds: VoiceThresholds,
): VoiceState {
  if (!voice.audible) {
    return level >= thresholds.on ? { audible: true, quietSinceMs: null } : SILENT;
  }
  if (level >= thresholds.off) return { audible: true, quietSinceMs: null };
  const quietSinceMs = voice.quietSinceMs ?? atMs;
  return atMs - quietSinceMs >= thresholds.holdMs ? SILENT : { audible: true, quietSinceMs };
}

/** The pair as one activity. */
export function activityOf(user: VoiceState, own: VoiceState): Activity {
  if (!own.audible) return "listening";
  return user.audible ? "both" : "speaking";
}
