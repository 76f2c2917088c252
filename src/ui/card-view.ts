// Everything the card shows, as plain data: the controller makes it, the elements only render it.

import type { SottoErrorData } from "../shared/errors.ts";
import type { BackendReport } from "../shared/protocol.ts";
import type { CaptionTurn } from "./captions.ts";
import { EMPTY_METER, type LoadMeter } from "./load-meter.ts";
import type { Look } from "./look.ts";
import type { BackendChoice, Caller } from "./session-machine.ts";

/** RMS of both voices, 0…1, as of now. Read by the orb and the meter at their own pace. */
export interface Levels {
  readonly user: number;
  readonly own: number;
}

export interface MicrophoneChoice {
  readonly id: string;
  readonly label: string;
}

/** Pace of the engine. Times in milliseconds a frame. */
export interface Pace {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Computing time over the time of the sound: below 1 keeps pace. */
  readonly realTimeFactor: number;
}

export interface CardView {
  readonly look: Look;
  /** Who talks, or will as soon as the model is loaded; null where nobody has pressed. */
  readonly caller: Caller | null;
  readonly muted: boolean;
  readonly meter: LoadMeter;
  readonly error: SottoErrorData | null;
  /** Why the engine cannot keep pace; null while it can. */
  readonly degraded: string | null;
  readonly turns: readonly CaptionTurn[];
  /** The back end that was asked for, and what it became once loaded. */
  readonly backend: BackendChoice;
  readonly report: BackendReport | null;
  readonly pace: Pace | null;
  /** Empty until the browser tells, which it does once the microphone was allowed. */
  readonly microphones: readonly MicrophoneChoice[];
  /** "" is the system's default. */
  readonly microphoneId: string;
}

/** A page that has just opened. */
export const FIRST_VIEW: CardView = {
  look: "loading",
  caller: null,
  muted: false,
  meter: EMPTY_METER,
  error: null,
  degraded: null,
  turns: [],
  backend: "auto",
  report: null,
  pace: null,
  microphones: [],
  microphoneId: "",
};
