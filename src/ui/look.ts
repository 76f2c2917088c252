// The look of the page for a state of the session: what the orb, the status word and the screen reader show.

import type { SessionState } from "./session-machine.ts";

export type Look =
  | "unsupported"
  | "loading"
  | "ready"
  | "starting"
  | "listening"
  | "speaking"
  | "both"
  | "muted"
  | "degraded"
  | "stopping"
  | "failed";

/** Every look, in the order a visit meets them. */
export const LOOKS: readonly Look[] = [
  "unsupported",
  "loading",
  "ready",
  "starting",
  "listening",
  "speaking",
  "both",
  "muted",
  "degraded",
  "stopping",
  "failed",
];

/** One look a state. A muted talk shows as muted before it shows as degraded: the visitor can undo the first. */
export function lookOf(state: SessionState): Look {
  if (state.name !== "talking") return state.name;
  if (state.muted) return "muted";
  if (state.degraded !== null) return "degraded";
  return state.activity;
}
