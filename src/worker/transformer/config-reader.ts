// Typed look-ups in a parsed config.json, and the two ways in which one can be refused. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";

/** The model needs something that this engine does not compute. */
export function unsupported(feature: string): SottoError {
  return new SottoError(
    "model-unsupported",
    `This model needs ${feature}, which Sotto does not compute.`,
    "Choose a Moshi-shaped model: RoPE, RMS norm, SiLU gating, conditions as the published models have them.",
  );
}

/** A value is missing or of the wrong kind. */
export function malformed(path: string, expected: string, found: unknown): SottoError {
  return new SottoError(
    "model-file-malformed",
    `config.json: "${path}" should be ${expected}, found ${JSON.stringify(found)}.`,
    "Download the model again, or check the directory that it was packed from.",
  );
}

/** Typed look-ups in one JSON object; every failure names the key. A JSON null counts as absent. */
export interface Reader {
  raw(key: string): unknown;
  has(key: string): boolean;
  keys(): readonly string[];
  integer(key: string, min: number, max: number, fallback?: number): number;
  positive(key: string): number;
  nonNegative(key: string, fallback: number): number;
  flag(key: string, fallback: boolean): boolean;
  text<F extends string | null>(key: string, fallback: F): string | F;
  choice<T>(key: string, choices: Readonly<Record<string, T>>, fallback?: string): T;
  integers(key: string, min: number, max: number): readonly number[];
  strings(key: string): readonly string[];
  object(key: string): Reader;
}

export function reader(json: unknown, path: string): Reader {
  if (!isRecord(json)) throw malformed(path === "" ? "(the file)" : path, "a JSON object", json);
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  const raw = (key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined);
  const has = (key: string): boolean => raw(key) !== undefined && raw(key) !== null;

  const number = (
    key: string,
    fallback: number | undefined,
    ok: (n: number) => boolean,
    expected: string,
  ) => {
    const value = has(key) ? raw(key) : fallback;
    if (typeof value !== "number" || !ok(value)) throw malformed(at(key), expected, value);
    return value;
  };
  const list = <T>(
    key: string,
    ok: (item: unknown) => item is T,
    expected: string,
  ): readonly T[] => {
    const value = raw(key);
    if (!Array.isArray(value) || !value.every(ok)) throw malformed(at(key), expected, value);
    return value;
  };

  return {
    raw,
    has,
    keys: () => Object.keys(json),
    integer: (key, min, max, fallback) =>
      number(
        key,
        fallback,
        (n) => Number.isInteger(n) && n >= min && n <= max,
        `a whole number from ${min} to ${max}`,
      ),
    positive: (key) =>
      number(key, undefined, (n) => Number.isFinite(n) && n > 0, "a number above 0"),
    nonNegative: (key, fallback) =>
      number(key, fallback, (n) => Number.isFinite(n) && n >= 0, "a number, 0 or above"),
    flag: (key, fallback) => {
      const value = has(key) ? raw(key) : fallback;
      if (typeof value !== "boolean") throw malformed(at(key), "true or false", value);
      return value;
    },
    text: (key, fallback) => {
      if (!has(key)) return fallback;
      const value = raw(key);
      if (typeof value !== "string") throw malformed(at(key), "a string", value);
      return value;
    },
    choice: (key, choices, fallback) => {
      const value = has(key) ? raw(key) : fallback;
      if (typeof value !== "string") throw malformed(at(key), "a string", value);
      for (const [name, meaning] of Object.entries(choices)) if (name === value) return meaning;
      throw unsupported(`"${at(key)}": "${value}"`);
    },
    integers: (key, min, max) =>
      list(
        key,
        (item): item is number =>
          typeof item === "number" && Number.isInteger(item) && item >= min && item <= max,
        `a list of whole numbers from ${min} to ${max}`,
      ),
    strings: (key) =>
      list(key, (item): item is string => typeof item === "string", "a list of strings"),
    object: (key) => reader(raw(key), at(key)),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
