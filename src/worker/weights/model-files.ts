// Reads a checkpoint directory: config.json, and the files that it names (spec §6.5), each verified. Runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { ManifestFile } from "./manifest.ts";
import { parseManifest, verifyFile } from "./manifest.ts";
import type { FileSource, OnProgress } from "./source.ts";

/** A checkpoint directory in memory. */
export interface ModelFiles {
  /** Last part of the directory's address. */
  readonly name: string;
  /** config.json as it is: keys of the language model and file names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The file that `mimi_config_name` names; null means the published Mimi architecture. */
  readonly codecConfig: unknown;
  readonly language: Checkpoint;
  readonly codec: Checkpoint;
  /** A SentencePiece model, or null when the directory has none. */
  readonly tokenizer: Uint8Array<ArrayBuffer> | null;
}

/** What the published repositories call their files when config.json does not say (spec §6.1). */
const DEFAULT_NAMES = {
  moshi_name: "model.safetensors",
  mimi_name: "tokenizer-e351c8d8-checkpoint125.safetensors",
  tokenizer_name: "tokenizer_spm_32k_3.model",
} as const;

/** A file name, not a path: a config must not reach outside its directory. */
const FILE_NAME = /^[A-Za-z0-9_@+=,.-]{1,255}$/;

/**
 * Reads and verifies everything a model needs.
 * @throws SottoError `model-file-missing`, `-truncated`, `-malformed`, `model-not-finite`, `network-failed`.
 */
export async function readModelFiles(
  source: FileSource,
  onProgress?: OnProgress,
): Promise<ModelFiles> {
  const manifest = await readManifest(source);
  const read = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    readFile(source, manifest, name, onProgress);
  const config = parseJson(await read("config.json"), "config.json");
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw malformed("config.json", "it is not a JSON object");
  const keys = config as Record<string, unknown>;

  const codecConfigName = fileName(keys, "mimi_config_name");
  const tokenizerName = fileName(keys, "tokenizer_name");
  const languageName = fileName(keys, "moshi_name") ?? DEFAULT_NAMES.moshi_name;
  const codecName = fileName(keys, "mimi_name") ?? DEFAULT_NAMES.mimi_name;
  return {
    name: source.place.split(/[/\\]/).findLast((part) => part !== "") ?? source.place,
    config: keys,
    codecConfig: codecConfigName ? parseJson(await read(codecConfigName), codecConfigName) : null,
    language: Checkpoint.parse(await read(languageName), languageName),
    codec: Checkpoint.parse(await read(codecName), codecName),
    tokenizer: tokenizerName
      ? await read(tokenizerName)
      : await source.read(DEFAULT_NAMES.tokenizer_name, onProgress),
  };
}

async function readManifest(source: FileSource): Promise<ReadonlyMap<string, ManifestFile>> {
  const bytes = await source.read("manifest.json");
  return bytes ? parseManifest(parseJson(bytes, "manifest.json")) : new Map();
}

async function readFile(
  source: FileSource,
  manifest: ReadonlyMap<string, ManifestFile>,
  name: string,
  onProgress: OnProgress | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(name, onProgress);
  if (!bytes)
    throw new SottoError(
      "model-file-missing",
      `The model directory ${source.place} has no file ${name}.`,
      "Check the model's address, or choose another model.",
    );
  const expected = manifest.get(name);
  if (expected) await verifyFile(bytes, expected);
  return bytes;
}

function fileName(config: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = config[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" || !FILE_NAME.test(value) || value.startsWith("."))
    throw malformed("config.json", `its ${key} is not a file name`);
  return value;
}

function parseJson(bytes: Uint8Array<ArrayBuffer>, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(name, "it is not JSON", cause);
  }
}

function malformed(name: string, reason: string, cause?: unknown): SottoError {
  return new SottoError(
    "model-file-malformed",
    `The model file ${name} cannot be read: ${reason}.`,
    "Download the model again, or choose another one.",
    cause,
  );
}
