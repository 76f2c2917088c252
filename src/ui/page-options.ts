// What the address of the page may ask for: ?backend=auto|webgpu|wasm, ?model=NAME, ?seed=NUMBER. Pure.

import { SottoError } from "../shared/errors.ts";
import type { SessionSettings } from "../shared/protocol.ts";
import type { BackendChoice } from "./session-machine.ts";

export interface PageOptions {
  readonly backend: BackendChoice;
  /** Directory of the model, absolute (the worker would take a relative one from its own script), ending in "/". */
  readonly modelUrl: string;
  /** Laid over the model's own defaults. */
  readonly settings: Partial<SessionSettings>;
}

export const DEFAULT_MODEL = "wren";

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm"];
/** One directory name: no slash, so that the address cannot send the page to another origin. */
const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const MAX_SEED = 2 ** 32 - 1;

/** Reads the query string of the page at `pageUrl`. Throws SottoError "bad-argument" with the name of what is wrong. */
export function parsePageOptions(query: string, pageUrl: string): PageOptions {
  const params = new URLSearchParams(query);
  const backendText = params.get("backend") ?? "auto";
  const backend = BACKENDS.find((known) => known === backendText);
  if (backend === undefined) {
    throw badArgument("backend", backendText, `It must be one of ${BACKENDS.join(", ")}.`);
  }
  const model = params.get("model") ?? DEFAULT_MODEL;
  if (!MODEL_NAME.test(model)) {
    throw badArgument("model", model, "It must be the name of a directory under models.");
  }
  const modelUrl = new URL(`models/${model}/`, pageUrl).href;
  return { backend, modelUrl, settings: parseSeed(params.get("seed")) };
}

function parseSeed(text: string | null): Partial<SessionSettings> {
  if (text === null) return {};
  const seed = Number(text);
  if (!/^\d{1,10}$/.test(text) || seed > MAX_SEED) {
    throw badArgument("seed", text, `It must be a whole number from 0 to ${MAX_SEED}.`);
  }
  return { seed };
}

function badArgument(name: string, value: string, rule: string): SottoError {
  return new SottoError(
    "bad-argument",
    `The address sets ${name} to “${value.slice(0, 80)}”. ${rule}`,
    "Correct it, or open the page without it.",
  );
}
