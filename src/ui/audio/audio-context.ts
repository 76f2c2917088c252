// The one AudioContext: both directions share its clock, so that they never drift apart. Page thread.

import { SAMPLE_RATE } from "../../shared/frame.ts";
import { browserFamily, noOutput, noWorklets } from "./audio-errors.ts";

/** A gesture starts a context at once; without one the browser may let `resume` wait for ever. */
const START_LIMIT_MS = 3_000;

/**
 * A context at the model's own rate if the browser allows it, at the device's otherwise: the worklets resample then.
 * Starts it as well, which takes effect inside a gesture only. Throws SottoError audio-unavailable.
 */
export function createContext(wish: "model-rate" | "device-rate" = "model-rate"): AudioContext {
  if (!("AudioContext" in globalThis) || !("AudioWorkletNode" in globalThis)) throw noWorklets();
  const context = construct(wish === "model-rate" && mayLeaveDeviceRate());
  // What `resume` has to say is asked for in `startContext`.
  context.resume().catch(() => {});
  return context;
}

/** Waits until sound runs. Throws SottoError audio-unavailable. */
export async function startContext(context: AudioContext): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(noOutput()), START_LIMIT_MS);
  try {
    await Promise.race([context.resume(), limit.promise]);
  } catch (thrown) {
    throw noOutput(thrown);
  } finally {
    clearTimeout(timer);
  }
}

function construct(atModelRate: boolean): AudioContext {
  // 0 asks for the smallest buffer: half of what "interactive" gives in Chromium at 24 kHz.
  const options: AudioContextOptions = { latencyHint: 0 };
  try {
    if (atModelRate) {
      try {
        return new AudioContext({ ...options, sampleRate: SAMPLE_RATE });
      } catch (thrown) {
        if (!(thrown instanceof DOMException && thrown.name === "NotSupportedError")) throw thrown;
      }
    }
    return new AudioContext(options);
  } catch (thrown) {
    throw noOutput(thrown);
  }
}

/**
 * Firefox cancels echo only where input and output run at one rate, the device's (https://bugzil.la/1849108, comment 5).
 * Delete when that is no longer so.
 */
function mayLeaveDeviceRate(): boolean {
  return browserFamily(navigator.userAgent) !== "firefox";
}
