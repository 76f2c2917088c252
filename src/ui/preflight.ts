// What Sotto cannot do without, asked of the browser before anything is loaded. WebGPU is not among it: the CPU serves.

import { SottoError } from "../shared/errors.ts";

/** The part of `globalThis` that is looked at. */
export interface BrowserScope {
  readonly isSecureContext: boolean;
  readonly WebAssembly?: unknown;
  readonly Worker?: unknown;
  readonly MessageChannel?: unknown;
  readonly AudioContext?: unknown;
  readonly AudioWorkletNode?: unknown;
}

const NEEDED = [
  ["WebAssembly", "WebAssembly"],
  ["Worker", "web workers"],
  ["MessageChannel", "message channels"],
  ["AudioContext", "Web Audio"],
  ["AudioWorkletNode", "audio worklets"],
] as const;

/** The first thing that is lacking, as "browser-unsupported"; null where all is there. */
export function lackingFeature(scope: BrowserScope): SottoError | null {
  // First, because without it the browser also hides audio worklets, and would be blamed for the address.
  if (!scope.isSecureContext) {
    return new SottoError(
      "browser-unsupported",
      "This page was opened over an insecure connection, where browsers give no microphone.",
      "Open it over https, or on localhost.",
    );
  }
  const lacking = NEEDED.find(([name]) => scope[name] === undefined);
  if (lacking === undefined) return null;
  return new SottoError(
    "browser-unsupported",
    `This browser has no ${lacking[1]}.`,
    "Use a current Chrome, Edge, Firefox or Safari.",
  );
}
