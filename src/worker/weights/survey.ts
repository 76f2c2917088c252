// What a model directory holds, from its config.json and the headers of its files: architecture, sizes, and whether
// every tensor is known. Reads no weights. Runs in Node and in the worker.

import { SottoError } from "../../shared/errors.ts";
import { type MimiConfig, parseMimiConfig, PUBLISHED_MIMI } from "../codec/mimi-config.ts";
import { type LmConfig, parseLmConfig } from "../transformer/config.ts";
import { type CanonicalTensors, codecTensors, languageTensors } from "./canonical.ts";
import { DEFAULT_FILES, MOSHI_7B_CONFIG } from "./default-config.ts";
import { type ModelHeader, readModelHeader, readSmallJson } from "./model-header.ts";
import { type CheckpointPlan, planCheckpoint } from "./named-tensors.ts";
import type { RangeSource } from "./range-source.ts";

/** One checkpoint file, or its shards. */
export interface PartSurvey {
  readonly files: readonly string[];
  /** Bytes of all files. */
  readonly bytes: number;
  /** Tensors as stored. */
  readonly tensors: number;
  /** Stored element types, the one with the most bytes first. */
  readonly types: readonly string[];
  readonly plan: CheckpointPlan;
  /** Numbers that the model has, whatever they are stored as and however often. */
  readonly parameters: number;
}

export interface LanguageSurvey extends PartSurvey {
  readonly config: LmConfig;
  /** model_type of config.json, if any. */
  readonly type: string | null;
  /** Whether the architecture was read from a config.json; else it is Moshi 7B's. */
  readonly configured: boolean;
}

export interface CodecSurvey extends PartSurvey {
  readonly config: MimiConfig;
}

export interface Survey {
  readonly place: string;
  readonly language: LanguageSurvey | null;
  readonly codec: CodecSurvey | null;
}

/** Limit against hostile input. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** A file name, not a path: a config must not reach outside its directory. */
const FILE_NAME = /^(?!\.)[A-Za-z0-9_@+=,.-]{1,255}$/;

/**
 * Surveys a directory, or one file of it.
 * @param only the file to look at; its config.json is looked for beside it
 * @throws SottoError `model-file-missing` when there is nothing to survey, and as readModelHeader and the readers of
 *   configs do
 */
export async function survey(source: RangeSource, only: string | null = null): Promise<Survey> {
  const json = await readSmallJson(source, "config.json", MAX_CONFIG_BYTES);
  if (json !== null && (typeof json !== "object" || Array.isArray(json)))
    throw malformed("it is not a JSON object");
  const keys = json as Readonly<Record<string, unknown>> | null;
  if (only !== null) return surveyFile(source, keys, only);

  const language = await findHeader(source, candidates(keys, "moshi_name"));
  const codec = await findHeader(source, candidates(keys, "mimi_name"));
  if (!language && !codec)
    throw new SottoError(
      "model-file-missing",
      `${source.place} has no checkpoint: no ${candidates(keys, "moshi_name").join(", ")}.`,
      "Give a Hub repository (owner/name), a folder, or a safetensors or GGUF file.",
    );
  return {
    place: source.place,
    language: language && surveyLanguage(language, keys),
    codec: codec && surveyCodec(codec, await codecConfig(source, keys)),
  };
}

async function surveyFile(
  source: RangeSource,
  keys: Readonly<Record<string, unknown>> | null,
  name: string,
): Promise<Survey> {
  const header = await readModelHeader(source, name);
  if (!header)
    throw new SottoError(
      "model-file-missing",
      `${source.place} has no file ${name}.`,
      "Check the file's name.",
    );
  const isCodec = [...header.tensors.keys()].some((tensor) => tensor.startsWith("quantizer."));
  return {
    place: source.place,
    language: isCodec ? null : surveyLanguage(header, keys),
    codec: isCodec ? surveyCodec(header, await codecConfig(source, keys)) : null,
  };
}

function surveyLanguage(
  header: ModelHeader,
  keys: Readonly<Record<string, unknown>> | null,
): LanguageSurvey {
  const configured = keys !== null && keys["dim"] !== undefined;
  // How weights are stored is no part of the architecture; the header tells it.
  const json = {
    ...(configured ? keys : MOSHI_7B_CONFIG),
    ...(configured ? {} : { dep_q: depthHeads(header) }),
    quantize: null,
    lora_name: null,
  };
  const config = parseLmConfig(json);
  const type = keys?.["model_type"];
  return {
    ...surveyPart(header, languageTensors(config, json), config.depth?.schedule ?? []),
    config,
    type: typeof type === "string" ? type : null,
    configured,
  };
}

/** Sub-steps that a file has heads for: without a config.json, it alone can tell Moshi (8) from PersonaPlex (16). */
function depthHeads({ tensors }: ModelHeader): number {
  const head = /^(?:linears\.\d+|depformer\.(?:slices\.)?\d+\.linear_out)\.weight$/;
  return [...tensors.keys()].filter((name) => head.test(name)).length;
}

function surveyCodec(header: ModelHeader, config: MimiConfig): CodecSurvey {
  return { ...surveyPart(header, codecTensors(config), []), config };
}

function surveyPart(
  { tensors, files, bytes }: ModelHeader,
  canonical: CanonicalTensors,
  schedule: readonly number[],
): PartSurvey {
  const plan = planCheckpoint(canonical, tensors, schedule);
  const byType = new Map<string, number>();
  for (const { type, begin, end } of tensors.values())
    byType.set(type, (byType.get(type) ?? 0) + end - begin);
  const types = [...byType].toSorted(([, a], [, b]) => b - a).map(([type]) => type);
  let parameters = 0;
  for (const { shape } of plan.recipes.values())
    parameters += shape.reduce((product, size) => product * size, 1);
  return { files, bytes, tensors: tensors.size, types, plan, parameters };
}

async function codecConfig(
  source: RangeSource,
  keys: Readonly<Record<string, unknown>> | null,
): Promise<MimiConfig> {
  const [name] = named(keys, "mimi_config_name");
  const json = name === undefined ? null : await readSmallJson(source, name, MAX_CONFIG_BYTES);
  return json === null ? PUBLISHED_MIMI : parseMimiConfig(json);
}

async function findHeader(
  source: RangeSource,
  names: readonly string[],
): Promise<ModelHeader | null> {
  for (const name of names) {
    const header = await readModelHeader(source, name);
    if (header) return header;
  }
  return null;
}

function candidates(
  keys: Readonly<Record<string, unknown>> | null,
  key: keyof typeof DEFAULT_FILES,
): readonly string[] {
  const given = named(keys, key);
  return given.length > 0 ? given : DEFAULT_FILES[key];
}

/** The file that a key of config.json names, if it does. */
function named(keys: Readonly<Record<string, unknown>> | null, key: string): readonly string[] {
  const value = keys?.[key];
  if (value === undefined || value === null) return [];
  if (typeof value !== "string" || !FILE_NAME.test(value))
    throw malformed(`its ${key} is not a file name`);
  return [value];
}

function malformed(reason: string): SottoError {
  return new SottoError(
    "model-file-malformed",
    `The model file config.json cannot be read: ${reason}.`,
    "Download the model again, or choose another one.",
  );
}
