// Makes what a worker call throws arrive at the page as SottoErrorData. Worker only; the page needs no part of it.
// comlink 4.4 passes an Error as name, message and stack only, but any other thrown value as it is.

import * as Comlink from "comlink";

import { SottoError } from "../shared/errors.ts";

/** Call once, before `Comlink.expose`. */
export function sendErrorsAsData(): void {
  const standard = Comlink.transferHandlers.get("throw");
  if (standard === undefined) throw new Error("comlink has no handler for thrown values any more");
  Comlink.transferHandlers.set("throw", {
    ...standard,
    serialize: (thrown) => {
      const { value } = thrown as { readonly value: unknown };
      const error = SottoError.from(
        value,
        "engine-failed",
        "Try again; if it fails again, reload the page.",
      );
      return [{ isError: false, value: error.toData() }, []];
    },
  });
}
