// Every text of the page in one place (the errors' are in error-help.ts). Words for people, not for programmers.

import type { Look } from "./look.ts";
import type { LoadPhase } from "./load-meter.ts";

export interface LookText {
  /** The status word under the orb. */
  readonly word: string;
  /** One line under the word: what goes on, or what to do. */
  readonly hint: string;
  /** Name of the orb as a button. */
  readonly action: string;
  /** Said by a screen reader on entering; the three looks of a fluent talk share one, so as not to talk over it. */
  readonly announcement: string;
}

const IN_TALK = "Connected. Speak whenever you like, also while Sotto speaks.";

export const LOOK_TEXT: Readonly<Record<Look, LookText>> = {
  unsupported: {
    word: "Not supported",
    hint: "This browser lacks something Sotto needs.",
    action: "Check again",
    announcement: "Sotto cannot run in this browser.",
  },
  loading: {
    word: "Loading",
    hint: "Press now, and the talk begins as soon as the model is here.",
    action: "Start talking when loaded",
    announcement: "The model is loading.",
  },
  ready: {
    word: "Ready",
    hint: "Press the circle and speak.",
    action: "Start talking",
    announcement: "Ready. Press the button, or space, to start talking.",
  },
  starting: {
    word: "Connecting",
    hint: "If the browser asks, allow the microphone.",
    action: "Cancel",
    announcement: "Connecting. If the browser asks, allow the microphone.",
  },
  listening: {
    word: "Listening",
    hint: "Speak whenever you like.",
    action: "Stop talking",
    announcement: IN_TALK,
  },
  speaking: {
    word: "Speaking",
    hint: "Just talk to interrupt.",
    action: "Stop talking",
    announcement: IN_TALK,
  },
  both: {
    word: "Both at once",
    hint: "Sotto hears you while it speaks.",
    action: "Stop talking",
    announcement: IN_TALK,
  },
  muted: {
    word: "Muted",
    hint: "Sotto hears silence until you unmute.",
    action: "Stop talking",
    announcement: "Microphone muted. Press M to unmute.",
  },
  degraded: {
    word: "Falling behind",
    hint: "Answers may come late or with gaps.",
    action: "Stop talking",
    announcement: "Sotto cannot keep pace; answers may come late or with gaps.",
  },
  stopping: {
    word: "Ending",
    hint: "Putting the microphone away.",
    action: "Start again",
    announcement: "Ending the talk.",
  },
  failed: {
    word: "Stopped",
    hint: "Nothing is lost: you can start again from here.",
    action: "Try again",
    announcement: "Sotto stopped because of a problem.",
  },
};

export const PHASE_TEXT: Readonly<Record<LoadPhase, string>> = {
  downloading: "Fetching the model",
  verifying: "Checking every byte",
  compiling: "Building the graphs",
  "warming-up": "Warming up",
};

export const TEXT = {
  loadQueued: "The talk begins as soon as the model is here. Press again to cancel.",
  loadBegins: "Getting ready",
  captionsLabel: "What Sotto says",
  captionsHint: "Try “Hi, can I get a large latte?”",
  captionsSilent: "Sotto’s words appear here as it speaks.",
  mute: "Mute",
  microphone: "Microphone",
  defaultMicrophone: "Default microphone",
  sample: "Use a sample caller",
  sampleTalking: "A sample caller is on the line.",
  retry: "Try again",
  checkAgain: "Check again",
  useCpu: "Run on the CPU",
  errorDocs: "More about this",
  errorDetail: "Technical detail",
  deviceUnknown: "The model runs in this tab, on this device.",
  paceP50: "frame p50",
  paceP95: "p95",
  paceFactor: "real-time factor",
} as const;
