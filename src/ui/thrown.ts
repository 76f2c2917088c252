// Whatever a promise was rejected with, as a SottoError. Needed where errors cross from the worker:
// comlink passes a thrown plain object on as it is, and of an Error its message only.

import { SottoError, type SottoErrorCode, type SottoErrorData } from "../shared/errors.ts";
import { ERROR_HELP } from "./error-help.ts";

/** `thrown` as a SottoError; what is neither one nor its plain data becomes `fallback` with the fallback's first cure. */
export function sottoErrorOf(thrown: unknown, fallback: SottoErrorCode): SottoError {
  if (isErrorData(thrown)) {
    return thrown instanceof SottoError ? thrown : SottoError.fromData(thrown);
  }
  const help = ERROR_HELP[fallback];
  return new SottoError(fallback, help.happened, help.todo[0] ?? "Try again.", thrown);
}

function isErrorData(value: unknown): value is SottoErrorData {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    Object.hasOwn(ERROR_HELP, value.code) &&
    "what" in value &&
    typeof value.what === "string" &&
    "remedy" in value &&
    typeof value.remedy === "string"
  );
}
