// The codec's architecture, read from its config file and checked (spec §1). Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import { FRAME_SAMPLES, SAMPLE_RATE } from "../../shared/frame.ts";

/** One of the two transformers of Mimi; both have this shape (spec §1.3). */
export interface CodecTransformer {
  /** 0: the codec has no transformer. */
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  /** Ring capacity, in positions. */
  readonly context: number;
  readonly maxPeriod: number;
}

/** Everything that decides the codec's graphs. */
export interface MimiConfig {
  /** Channels of the latent, and width of the transformers. */
  readonly dimension: number;
  /** Channels of the SEANet level next to the waveform. */
  readonly filters: number;
  /** Strides in the decoder's order; the encoder uses them in reverse. */
  readonly ratios: readonly number[];
  readonly firstKernel: number;
  readonly residualKernel: number;
  readonly lastKernel: number;
  /** A residual block's inner width is the outer one divided by this. */
  readonly compress: number;
  readonly transformer: CodecTransformer;
  /** Latent columns that SEANet makes of one frame; resampled to one. */
  readonly positions: number;
  readonly codebooks: number;
  readonly bins: number;
  readonly codebookDim: number;
}

/** The published codec (spec §1), used when a checkpoint names no codec config. */
export const PUBLISHED_MIMI: MimiConfig = {
  dimension: 512,
  filters: 64,
  ratios: [8, 6, 5, 4],
  firstKernel: 7,
  residualKernel: 3,
  lastKernel: 3,
  compress: 2,
  transformer: { layers: 8, heads: 8, feedForward: 2048, context: 250, maxPeriod: 10_000 },
  positions: 2,
  codebooks: 32,
  bins: 2048,
  codebookDim: 256,
};

/** Limits against hostile input, far above any published codec. */
const MAX_WIDTH = 8_192;
const MAX_BINS = 65_536;
const MAX_CODEBOOKS = 128;
const MAX_LAYERS = 64;
const MAX_CONTEXT = 16_384;
const MAX_LEVELS = 16;

/**
 * Reads a codec config file.
 * @throws SottoError `model-file-malformed` for a missing or absurd value, `model-unsupported` for a variant of the
 *   architecture that no published codec uses.
 */
export function parseMimiConfig(json: unknown): MimiConfig {
  const root = new Section(json, "config");
  const seanet = root.section("seanet");
  const quantizer = root.section("quantizer");
  const transformer = root.section("transformer");

  root.expect("sample_rate", SAMPLE_RATE);
  root.expectIfGiven("channels", 1);
  seanet.expectIfGiven("n_residual_layers", 1);
  seanet.expectIfGiven("causal", true);
  seanet.expectIfGiven("activation", "ELU");
  seanet.expectIfGiven("pad_mode", "constant");
  seanet.expectIfGiven("true_skip", true);
  seanet.expectIfGiven("disable_norm_outer_blocks", 0);

  const dimension = seanet.integer("dimension", 1, MAX_WIDTH);
  const ratios = seanet.integers("ratios", 1, FRAME_SAMPLES);
  const hop = ratios.reduce((product, ratio) => product * ratio, 1);
  if (FRAME_SAMPLES % hop !== 0)
    throw unsupported(`strides of ${hop} samples do not divide a frame of ${FRAME_SAMPLES}`);
  const frameRate = root.number("frame_rate");
  if (frameRate * FRAME_SAMPLES !== SAMPLE_RATE) throw unsupported(`${frameRate} frames a second`);
  quantizer.expectIfGiven("input_dimension", dimension);
  quantizer.expectIfGiven("output_dimension", dimension);

  const positions = FRAME_SAMPLES / hop;
  return {
    dimension,
    filters: seanet.integer("n_filters", 1, MAX_WIDTH),
    ratios,
    firstKernel: seanet.integer("kernel_size", 1, 64),
    residualKernel: seanet.integer("residual_kernel_size", 1, 64),
    lastKernel: seanet.integer("last_kernel_size", 1, 64),
    compress: seanet.integer("compress", 1, 64),
    transformer: readTransformer(transformer, dimension, positions),
    positions,
    codebooks: quantizer.integer("n_q", 1, MAX_CODEBOOKS),
    bins: quantizer.integer("bins", 1, MAX_BINS),
    codebookDim: quantizer.integer("dimension", 1, MAX_WIDTH),
  };
}

function readTransformer(section: Section, dimension: number, positions: number): CodecTransformer {
  const layers = section.integer("num_layers", 0, MAX_LAYERS);
  if (layers === 0) return { layers, heads: 1, feedForward: 0, context: 0, maxPeriod: 1 };
  section.expectIfGiven("d_model", dimension);
  section.expectIfGiven("causal", true);
  section.expectIfGiven("gating", "none");
  section.expectIfGiven("norm", "layer_norm");
  section.expectIfGiven("positional_embedding", "rope");
  const heads = section.integer("num_heads", 1, dimension);
  if (dimension % (2 * heads) !== 0)
    throw unsupported(`${heads} heads do not divide a width of ${dimension} into even parts`);
  return {
    layers,
    heads,
    feedForward: section.integer("dim_feedforward", 1, 4 * MAX_WIDTH),
    context: section.integer("context", positions, MAX_CONTEXT),
    maxPeriod: section.number("max_period"),
  };
}

/** One object of the file, read key by key; messages carry the key's path. */
class Section {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw malformed(path, "an object");
    this.#values = value as Record<string, unknown>;
    this.#path = path;
  }

  section(key: string): Section {
    return new Section(this.#values[key], `${this.#path}.${key}`);
  }

  number(key: string): number {
    const value = this.#values[key];
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
      throw malformed(`${this.#path}.${key}`, "a positive number");
    return value;
  }

  integer(key: string, least: number, most: number): number {
    const value = this.#values[key];
    if (!isInteger(value, least, most))
      throw malformed(`${this.#path}.${key}`, `an integer from ${least} to ${most}`);
    return value;
  }

  integers(key: string, least: number, most: number): number[] {
    const value = this.#values[key];
    const valid =
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= MAX_LEVELS &&
      value.every((item) => isInteger(item, least, most));
    if (!valid) throw malformed(`${this.#path}.${key}`, `a list of integers from ${least}`);
    return value;
  }

  expect(key: string, wanted: unknown): void {
    const value = this.#values[key];
    if (value !== wanted)
      throw unsupported(`${this.#path}.${key} is ${JSON.stringify(value)}, not ${String(wanted)}`);
  }

  expectIfGiven(key: string, wanted: unknown): void {
    if (this.#values[key] !== undefined) this.expect(key, wanted);
  }
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function malformed(path: string, wanted: string): SottoError {
  return new SottoError(
    "model-file-malformed",
    `The codec's config is wrong: ${path} must be ${wanted}.`,
    "Download the model again, or choose another one.",
  );
}

function unsupported(what: string): SottoError {
  return new SottoError(
    "model-unsupported",
    `This codec is of a kind that Sotto does not run: ${what}.`,
    "Choose another model.",
  );
}
