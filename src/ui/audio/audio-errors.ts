// What goes wrong with microphone and speaker, as SottoErrors whose remedy fits the browser. Pure. Page thread.

import { SottoError, type SottoErrorCode } from "../../shared/errors.ts";

export type BrowserFamily = "chromium" | "firefox" | "safari" | "ios";

/** The family by the user agent string. Every browser of iOS is Safari inside, and has Safari's settings. */
export function browserFamily(userAgent: string): BrowserFamily {
  if (/iPhone|iPad|iPod/.test(userAgent)) return "ios";
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Chrom(e|ium)\//.test(userAgent)) return "chromium";
  return "safari";
}

const ALLOW: Readonly<Record<BrowserFamily, string>> = {
  chromium:
    "Open the site settings from the icon left of the address, allow the microphone, and try again.",
  firefox: "Click the crossed-out microphone left of the address, lift the block, and try again.",
  safari:
    "In the menu Safari, choose Settings for This Website, allow the microphone, and try again.",
  ios: "Tap the page menu beside the address, then Website Settings, allow the microphone, and try again. The app needs it too: see Settings, Privacy & Security, Microphone.",
};

const PICK: Readonly<Record<BrowserFamily, string>> = {
  chromium: "Plug one in or pick another, and try again.",
  firefox: "Plug one in or pick another when Firefox asks, and try again.",
  safari: "Plug one in, or pick another in the sound settings of the system, and try again.",
  ios: "Connect the headset or take it off, and try again.",
};

const SAMPLE = "Or use a sample caller: it needs no microphone.";

/** Why `getUserMedia` was rejected. `userAgent` as `navigator.userAgent`. */
export function microphoneError(thrown: unknown, userAgent: string): SottoError {
  const browser = browserFamily(userAgent);
  const failure = (code: SottoErrorCode, what: string, remedy: string): SottoError =>
    new SottoError(code, what, `${remedy} ${SAMPLE}`, thrown);
  switch (thrown instanceof Error ? thrown.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return failure(
        "mic-denied",
        "The browser did not let the page use the microphone.",
        ALLOW[browser],
      );
    case "NotFoundError":
      return failure("mic-absent", "The browser sees no microphone.", PICK[browser]);
    case "OverconstrainedError":
      return failure("mic-absent", "The chosen microphone is not there.", PICK[browser]);
    case "NotReadableError":
    case "AbortError":
      return failure(
        "mic-busy",
        "The microphone is there, but the system would not open it.",
        "Close the program that uses it, a call perhaps, and try again.",
      );
    default:
      return failure(
        "audio-unavailable",
        "The browser gives this page no microphone.",
        "Open the page over https, or on localhost.",
      );
  }
}

/** The open microphone has stopped. */
export function microphoneLost(): SottoError {
  return new SottoError(
    "mic-lost",
    "The microphone stopped: it was unplugged, or the permission was taken back.",
    "Connect it again or pick another, and try again.",
  );
}

/** The browser has no Web Audio, or only without worklets. */
export function noWorklets(): SottoError {
  return new SottoError(
    "audio-unavailable",
    "The browser offers no audio worklets to this page.",
    "Open the page over https or on localhost, in a current Chrome, Edge, Firefox or Safari.",
  );
}

/** `cause` is what the browser said, if anything. */
export function noOutput(cause?: unknown): SottoError {
  return new SottoError(
    "audio-unavailable",
    "The browser did not start its sound output.",
    "Check that other pages can play sound, keep this tab in front, and try again.",
    cause,
  );
}

/** The audio thread's program failed to load or threw. */
export function workletFailed(cause?: unknown): SottoError {
  return new SottoError(
    "audio-unavailable",
    "The audio worklet did not start, or stopped.",
    "Try again. If it comes back, reload the page.",
    cause,
  );
}

export function clipFailed(url: string, cause?: unknown): SottoError {
  return new SottoError(
    "audio-unavailable",
    `The sample ${url} could not be played.`,
    "Use the microphone, or reload the page and try again.",
    cause,
  );
}

/** `close` was called while `open` was still waiting for the browser. Nobody is shown this. */
export function closedMeanwhile(): SottoError {
  return new SottoError(
    "audio-unavailable",
    "The talk was ended before the sound was ready.",
    "Try again.",
  );
}
