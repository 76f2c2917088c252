// The tensors that a model needs, by the names that graphs ask for them with: PyTorch's (spec §6.2, §6.3). Pure.

import type { MimiConfig } from "../codec/mimi-config.ts";
import { reader } from "../transformer/config-reader.ts";
import type { DepthConfig, LmConfig } from "../transformer/config.ts";
import type { ExpectedShape } from "./checkpoint.ts";

export interface CanonicalTensor {
  /** null: a width that config.json leaves to the file. */
  readonly shape: ExpectedShape;
  /** Known, and not needed. */
  readonly optional?: true;
}

export type CanonicalTensors = ReadonlyMap<string, CanonicalTensor>;

/**
 * Every tensor of a language model.
 * @param json the config.json that `config` was read from: it also tells the widths of the feed-forward layers, which
 *   the engine takes from the tensors themselves
 */
export function languageTensors(config: LmConfig, json: unknown): CanonicalTensors {
  const { dim, kvRepeat, card, textCard } = config;
  const read = reader(json, "");
  const scale = read.has("hidden_scale") ? read.positive("hidden_scale") : null;
  const hidden = scale === null ? null : gatingHidden(dim, scale * dim);
  const tensors = new Map<string, CanonicalTensor>();
  const add = (name: string, ...shape: ExpectedShape): void => void tensors.set(name, { shape });

  add("text_emb.weight", textCard + 1, dim);
  if (config.demuxText) for (const out of ["out1", "out2"]) add(`text_emb.${out}.weight`, dim, dim);
  for (let k = 0; k < config.nQ; k += 1) add(`emb.${k}.weight`, card + 1, dim);
  for (let layer = 0; layer < config.layers; layer += 1) {
    const at = `transformer.layers.${layer}`;
    add(`${at}.norm1.alpha`, 1, 1, dim);
    add(`${at}.self_attn.in_proj_weight`, dim + (2 * dim) / kvRepeat, dim);
    add(`${at}.self_attn.out_proj.weight`, dim, dim);
    if (config.cross) {
      add(`${at}.norm_cross.weight`, dim);
      add(`${at}.norm_cross.bias`, dim);
      add(`${at}.cross_attention.in_proj_weight`, 3 * dim, dim);
      add(`${at}.cross_attention.out_proj.weight`, dim, dim);
    }
    add(`${at}.norm2.alpha`, 1, 1, dim);
    add(`${at}.gating.linear_in.weight`, hidden && 2 * hidden, dim);
    add(`${at}.gating.linear_out.weight`, dim, hidden);
  }
  add("out_norm.alpha", 1, 1, dim);
  add("text_linear.weight", textCard, dim);
  for (let head = 0; head < (config.extraHeads?.count ?? 0); head += 1)
    add(`extra_heads.${head}.weight`, config.extraHeads?.dim ?? null, dim);

  const conditioner = (name: string, width: number): string => {
    const at = `condition_provider.conditioners.${name}`;
    add(`${at}.learnt_padding`, 1, 1, dim);
    add(`${at}.output_proj.weight`, dim, width);
    return at;
  };
  for (const { name, bins, width } of config.conditions)
    add(`${conditioner(name, width)}.embed.weight`, bins + 1, width);
  if (config.cross) conditioner(config.cross.name, config.cross.width);

  if (config.depth) addDepth(add, config, config.depth, depthHidden(config.depth, json, scale));
  return tensors;
}

function addDepth(
  add: Add,
  { dim: temporalDim, card, textCard, demuxText }: LmConfig,
  { dim, layers, subSteps, sets, lowRank, headNorm }: DepthConfig,
  hidden: number | null,
): void {
  const table = (name: string, rows: number): void => {
    add(`${name}.weight`, rows, lowRank ?? dim);
    if (lowRank !== null) add(`${name}.low_rank.weight`, dim, lowRank);
  };
  table("depformer_text_emb", textCard + 1);
  if (demuxText)
    for (const out of ["out1", "out2"])
      add(`depformer_text_emb.${out}.weight`, dim, lowRank ?? dim);
  for (let k = 0; k < subSteps - 1; k += 1) table(`depformer_emb.${k}`, card + 1);
  for (let set = 0; set < sets; set += 1) add(`depformer_in.${set}.weight`, dim, temporalDim);
  for (let layer = 0; layer < layers; layer += 1) {
    const at = `depformer.layers.${layer}`;
    add(`${at}.norm1.alpha`, 1, 1, dim);
    add(`${at}.norm2.alpha`, 1, 1, dim);
    add(`${at}.self_attn.in_proj_weight`, sets * 3 * dim, dim);
    add(`${at}.self_attn.out_proj.weight`, sets * dim, dim);
    for (let set = 0; set < sets; set += 1) {
      add(`${at}.gating.${set}.linear_in.weight`, hidden && 2 * hidden, dim);
      add(`${at}.gating.${set}.linear_out.weight`, dim, hidden);
    }
  }
  for (let k = 0; k < subSteps; k += 1) {
    if (headNorm) {
      add(`depformer_norms.${k}.weight`, dim);
      add(`depformer_norms.${k}.bias`, dim);
    }
    add(`linears.${k}.weight`, card, dim);
  }
}

/** Width between a gated layer's two matrices (spec §3.1). */
function gatingHidden(dim: number, feedForward: number): number {
  const whole = Math.floor(feedForward);
  return whole === 4 * dim ? Math.floor((21 * dim) / 8) : Math.floor((2 * whole) / 3);
}

function depthHidden({ dim }: DepthConfig, json: unknown, scale: number | null): number | null {
  const read = reader(json, "");
  if (read.has("depformer_dim_feedforward"))
    return gatingHidden(dim, read.positive("depformer_dim_feedforward"));
  return scale === null ? null : gatingHidden(dim, scale * dim);
}

/** Every tensor of the codec. */
export function codecTensors(config: MimiConfig): CanonicalTensors {
  const { dimension, bins, codebookDim, codebooks, positions } = config;
  const tensors = new Map<string, CanonicalTensor>();
  const add = (name: string, ...shape: ExpectedShape): void => void tensors.set(name, { shape });

  addSeanet(add, config);
  add("downsample.conv.conv.conv.weight", dimension, dimension, 2 * positions);
  add("upsample.convtr.convtr.convtr.weight", dimension, 1, 2 * positions);
  for (const side of ["encoder", "decoder"]) addCodecTransformer(add, side, config);
  const groups = [
    ["rvq_first", 1],
    ["rvq_rest", codebooks - 1],
  ] as const;
  for (const [group, size] of groups) {
    if (size === 0) continue;
    add(`quantizer.${group}.input_proj.weight`, codebookDim, dimension, 1);
    add(`quantizer.${group}.output_proj.weight`, dimension, codebookDim, 1);
    for (let layer = 0; layer < size; layer += 1) {
      const at = `quantizer.${group}.vq.layers.${layer}._codebook`;
      add(`${at}.embedding_sum`, bins, codebookDim);
      add(`${at}.cluster_usage`, bins);
      tensors.set(`${at}._initialized`, { shape: [1], optional: true });
    }
  }
  return tensors;
}

type Add = (name: string, ...shape: ExpectedShape) => void;

/** The convolutions. Indices count ELUs too, which have no tensors (spec §6.2). */
function addSeanet(add: Add, config: MimiConfig): void {
  const { dimension, filters, ratios, firstKernel, lastKernel } = config;
  const last = 3 * ratios.length + 2;
  const conv = (name: string, outputs: number, inputs: number, kernel: number): void => {
    add(`${name}.conv.conv.weight`, outputs, inputs, kernel);
    add(`${name}.conv.conv.bias`, outputs);
  };
  const residual = (name: string, channels: number): void => {
    const inner = Math.floor(channels / config.compress);
    conv(`${name}.block.1`, inner, channels, config.residualKernel);
    conv(`${name}.block.3`, channels, inner, 1);
  };

  let channels = filters;
  conv("encoder.model.0", channels, 1, firstKernel);
  for (const [level, ratio] of ratios.toReversed().entries()) {
    residual(`encoder.model.${3 * level + 1}`, channels);
    conv(`encoder.model.${3 * level + 3}`, 2 * channels, channels, 2 * ratio);
    channels *= 2;
  }
  conv(`encoder.model.${last}`, dimension, channels, lastKernel);

  conv("decoder.model.0", channels, dimension, firstKernel);
  for (const [level, ratio] of ratios.entries()) {
    const up = `decoder.model.${3 * level + 2}.convtr.convtr`;
    add(`${up}.weight`, channels, channels / 2, 2 * ratio);
    add(`${up}.bias`, channels / 2);
    channels /= 2;
    residual(`decoder.model.${3 * level + 3}`, channels);
  }
  conv(`decoder.model.${last}`, 1, channels, lastKernel);
}

function addCodecTransformer(add: Add, side: string, { dimension, transformer }: MimiConfig): void {
  for (let layer = 0; layer < transformer.layers; layer += 1) {
    const at = `${side}_transformer.transformer.layers.${layer}`;
    add(`${at}.self_attn.in_proj_weight`, 3 * dimension, dimension);
    add(`${at}.self_attn.out_proj.weight`, dimension, dimension);
    for (const norm of ["norm1", "norm2"]) {
      add(`${at}.${norm}.weight`, dimension);
      add(`${at}.${norm}.bias`, dimension);
    }
    add(`${at}.linear1.weight`, transformer.feedForward, dimension);
    add(`${at}.linear2.weight`, dimension, transformer.feedForward);
    add(`${at}.layer_scale_1.scale`, dimension);
    add(`${at}.layer_scale_2.scale`, dimension);
  }
}
