// Every failure a person can meet, with a stable code, what happened and what to do.
// Each code has an anchor in docs/errors.md. Compiles for page, worker, worklet and Node.

/** Stable codes: kebab-case, never renamed once released. */
export type SottoErrorCode =
  | "mic-denied"
  | "mic-absent"
  | "mic-busy"
  | "mic-lost"
  | "audio-unavailable"
  | "browser-unsupported"
  | "webgpu-absent"
  | "webgpu-limits"
  | "webgpu-lost"
  | "model-file-missing"
  | "model-file-truncated"
  | "model-file-malformed"
  | "model-shape-mismatch"
  | "model-not-finite"
  | "model-unsupported"
  | "network-failed"
  | "worker-died"
  | "engine-failed"
  | "too-slow"
  | "bad-argument";

/** Plain-data form of a SottoError, for comlink and postMessage, which drop custom fields of Error. */
export interface SottoErrorData {
  readonly code: SottoErrorCode;
  /** What happened, one sentence, with the value that was wrong. */
  readonly what: string;
  /** What the person can do about it, one or two sentences. */
  readonly remedy: string;
  /** Technical detail (the message of the cause), for the fold-out and the bug report. */
  readonly detail?: string;
}

/** An error that a person sees. `what` and `remedy` are shown as they are. */
export class SottoError extends Error {
  override readonly name = "SottoError";
  readonly code: SottoErrorCode;
  readonly what: string;
  readonly remedy: string;
  readonly detail: string | undefined;

  constructor(code: SottoErrorCode, what: string, remedy: string, cause?: unknown) {
    super(`${what} ${remedy} [${code}]`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.what = what;
    this.remedy = remedy;
    this.detail = cause === undefined ? undefined : messageOf(cause);
  }

  /** The structured-cloneable form. */
  toData(): SottoErrorData {
    return {
      code: this.code,
      what: this.what,
      remedy: this.remedy,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
    };
  }

  /** Rebuilds the error on the far side of a thread boundary. */
  static fromData(data: SottoErrorData): SottoError {
    return new SottoError(data.code, data.what, data.remedy, data.detail);
  }

  /** Any thrown value as a SottoError; what is not one already becomes `fallback`. */
  static from(thrown: unknown, fallback: SottoErrorCode, remedy: string): SottoError {
    if (thrown instanceof SottoError) return thrown;
    return new SottoError(fallback, messageOf(thrown), remedy, thrown);
  }
}

/** What a thrown value says of itself: libraries throw strings, numbers and plain objects too. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? "unknown");
}
