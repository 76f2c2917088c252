// What `sotto inspect` prints of a survey. Pure.

import { FRAME_MS } from "../src/shared/frame.ts";
import {
  bandwidth,
  cacheBytes,
  type FrameWeights,
  frameBytes,
  frameWeights,
  neededSubSteps,
  WEIGHT_BITS,
} from "../src/worker/weights/cost.ts";
import type {
  CodecSurvey,
  LanguageSurvey,
  PartSurvey,
  Survey,
} from "../src/worker/weights/survey.ts";

/** Lines for a terminal. */
export function describeSurvey({ place, language, codec }: Survey): string[] {
  return [
    place,
    ...(language ? ["", ...describeLanguage(language)] : []),
    ...(codec ? ["", ...describeCodec(codec)] : []),
  ];
}

/** The same as data, for machines. */
export function surveyAccount({ place, language, codec }: Survey) {
  return {
    place,
    language: language && {
      ...partAccount(language),
      type: language.type,
      config: language.config,
      frame: frameAccount(language),
      cache: cacheBytes(language.config),
    },
    codec: codec && { ...partAccount(codec), config: codec.config },
  };
}

function partAccount({ files, bytes, tensors, types, parameters, plan }: PartSurvey) {
  const { missing, mismatched, unused } = plan;
  const adapters = plan.stored.adapters.length;
  return { files, bytes, tensors, types, parameters, missing, mismatched, unused, adapters };
}

function frameAccount({ config, plan }: LanguageSurvey) {
  const shapeOf = (name: string) => plan.recipes.get(name)?.shape ?? null;
  const subSteps = neededSubSteps(config);
  const weights = frameWeights(config, shapeOf, subSteps);
  const byBits = Object.entries(WEIGHT_BITS).map(([format, bits]) => {
    const bytes = frameBytes(weights, bits);
    return { format, bits, bytes, bytesPerSecond: bandwidth(bytes) };
  });
  const stored = config.depth?.subSteps ?? 0;
  const all = subSteps < stored ? frameWeights(config, shapeOf, stored) : null;
  return { subSteps, weights, byBits, allSubSteps: all };
}

function describeLanguage(language: LanguageSurvey): string[] {
  const { config, type, configured, plan } = language;
  const subSteps = neededSubSteps(config);
  const stored = config.depth?.subSteps ?? 0;
  const unread = subSteps < stored ? ` (${stored} stored; nothing depends on the others)` : "";
  const shared =
    config.kvRepeat > 1 ? `, ${config.heads / config.kvRepeat} for keys and values` : "";
  const { depth } = config;
  const whole = plan.missing.length + plan.mismatched.length === 0;
  return [
    `language model    ${partLine(language)}`,
    field(
      "type",
      `${type ?? "unnamed"}${configured ? "" : "; no config.json tells its shape, taken for Moshi 7B's"}`,
    ),
    field(
      "temporal",
      `${config.layers} layers of ${config.dim}, ${config.heads} heads${shared}, context ${config.context} steps (${seconds(config.context)})${config.cross ? ", cross attention" : ""}`,
    ),
    field(
      "depth",
      depth
        ? `${subSteps} sub-steps${unread}, ${depth.layers} layers of ${depth.dim}, ${depth.sets} weight sets`
        : "none: it only listens",
    ),
    field(
      "tokens",
      `${config.textCard} text, ${config.card} audio in ${config.nQ} codebooks, delayed by up to ${seconds(Math.max(...config.delays))}`,
    ),
    field("parameters", grouped(language.parameters)),
    ...problems(language),
    ...(whole ? describeFrame(language) : []),
  ];
}

function describeFrame(language: LanguageSurvey): string[] {
  const { weights, byBits, allSubSteps } = frameAccount(language);
  const { step, full } = cacheBytes(language.config);
  return [
    field(
      "a frame reads",
      `${millions(sum(weights))} weights: temporal ${millions(weights.temporal)}, text head ${millions(weights.textHead)}, depth ${millions(weights.depth)}`,
    ),
    ...(allSubSteps ? [field("", `(${millions(sum(allSubSteps))} with all sub-steps)`)] : []),
    ...byBits.map(({ format, bits, bytes, bytesPerSecond }) =>
      field(
        `  ${format}`,
        `${gigabytes(bytes)} a frame, ${perSecond(bytesPerSecond)} to keep ${FRAME_MS} ms (${bits} bits a weight)`,
      ),
    ),
    field(
      "cache, 16 bits",
      `${grouped(step)} B a step, ${gigabytes(full)} when full, which takes ${perSecond(bandwidth(full))} more`,
    ),
  ];
}

function sum({ temporal, textHead, depth }: FrameWeights): number {
  return temporal + textHead + depth;
}

function describeCodec(codec: CodecSurvey): string[] {
  const { config } = codec;
  return [
    `codec             ${partLine(codec)}`,
    field(
      "architecture",
      `${config.dimension} wide, ${config.transformer.layers} layers a side, ${config.codebooks} codebooks of ${config.bins}`,
    ),
    field("parameters", grouped(codec.parameters)),
    ...problems(codec),
  ];
}

function partLine({ files, bytes, tensors, types }: PartSurvey): string {
  const [first = ""] = files;
  const names = files.length > 1 ? `${first} and ${files.length - 1} more` : first;
  return `${names}, ${gigabytes(bytes)}, ${tensors} tensors, ${types.join(" and ")}`;
}

/** Tensors that are not as the config implies; a model that runs has none. */
function problems({ plan }: PartSurvey): string[] {
  const kinds = [
    ["missing", plan.missing],
    ["other shape", plan.mismatched],
    ["unknown", plan.unused],
  ] as const;
  const lines = kinds
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) =>
      field(
        kind,
        `${names.length}: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`,
      ),
    );
  return lines.length > 0 ? lines : [field("tensors", "all known, none missing")];
}

function field(name: string, value: string): string {
  return `  ${name.padEnd(16)}${value}`;
}

function seconds(steps: number): string {
  return `${(steps * FRAME_MS) / 1000} s`;
}

/** 7 687 729 152 */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(1)} M`;
}

function gigabytes(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function perSecond(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB/s` : `${(bytes / 1e9).toFixed(1)} GB/s`;
}
