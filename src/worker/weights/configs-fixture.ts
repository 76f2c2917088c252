// config.json of the published checkpoints as spec §3.2 and §6.5 have them, for tests. Not used by the product.

import { MOSHI_7B_CONFIG } from "./default-config.ts";
import type { ManifestName } from "./manifests-fixture.ts";

/** Keys that all of them share. */
const COMMON = {
  card: 2048,
  causal: true,
  norm: "rms_norm_f32",
  gating: "silu",
  hidden_scale: 4.125,
  layer_scale: null,
  existing_text_padding_id: 3,
  positional_embedding: "rope",
  depformer_dim: 1024,
  depformer_num_heads: 16,
  depformer_gating: "silu",
  depformer_pos_emb: "none",
  depformer_multi_linear: true,
  depformer_weights_per_step: true,
};

/** The delays of one speaker's codebooks: the first has none. */
const delayed = (delay: number, codebooks: number): number[] => [
  0,
  ...Array.from({ length: codebooks - 1 }, () => delay),
];

const times = (count: number, set: number): number[] => Array.from({ length: count }, () => set);

const DESCRIPTION = {
  conditioners: {
    description: {
      type: "lut",
      lut: {
        n_bins: 31,
        dim: 16,
        tokenizer: "noop",
        possible_values: ["very_bad", "bad", "neutral", "good", "very_good"],
      },
    },
  },
  fuser: { sum: ["description"] },
};

const DEPTH_6 = { depformer_num_layers: 6, depformer_dim_feedforward: 4224 };
const DEPTH_4 = {
  depformer_num_layers: 4,
  depformer_dim_feedforward: 3072,
  depformer_low_rank_embeddings: 128,
};

const SMALL = { ...COMMON, dim: 2048, num_heads: 16, num_layers: 16 };

const STT = { ...SMALL, n_q: 32, dep_q: 0, max_period: 100_000, delays: times(33, 0) };

const EIGHT_SETS = [0, 1, 2, 3, 4, 5, 6, 7];

export const CONFIGS: Readonly<Record<ManifestName, Readonly<Record<string, unknown>>>> = {
  "moshi-7b": MOSHI_7B_CONFIG,
  "personaplex-7b": { ...MOSHI_7B_CONFIG, dep_q: 16 },
  "hibiki-1b": {
    ...SMALL,
    ...DEPTH_6,
    ...DESCRIPTION,
    context: 500,
    max_period: 100_000,
    text_card: 48_000,
    n_q: 16,
    dep_q: 8,
    delays: [0, ...delayed(2, 8), ...delayed(2, 8)],
  },
  "hibiki-2b": {
    ...COMMON,
    ...DEPTH_4,
    ...DESCRIPTION,
    dim: 2560,
    num_heads: 20,
    num_layers: 24,
    context: 1500,
    max_period: 100_000,
    text_card: 48_000,
    n_q: 32,
    dep_q: 16,
    delays: [0, ...delayed(2, 16), ...delayed(2, 16)],
    depformer_weights_per_step_schedule: [...EIGHT_SETS, ...times(8, 8)],
  },
  "hibiki-zero-3b": {
    ...SMALL,
    num_layers: 28,
    kv_repeat: 2,
    hidden_scale: 6,
    context: 3000,
    max_period: 20_000,
    positional_embedding: "rope_concat",
    text_card: 48_000,
    n_q: 32,
    dep_q: 16,
    delays: [0, ...delayed(2, 16), ...delayed(2, 16)],
    depformer_num_layers: 6,
    depformer_dim_feedforward: null,
    depformer_norm: "layer_norm",
    depformer_weights_per_step_schedule: [...EIGHT_SETS, ...times(8, 8)],
  },
  "stt-1b": {
    ...STT,
    context: 750,
    text_card: 8000,
    extra_heads_num_heads: 4,
    extra_heads_dim: 6,
  },
  "stt-2.6b": { ...STT, num_heads: 32, num_layers: 48, context: 375, text_card: 4000 },
  "tts-1.6b": {
    ...SMALL,
    ...DEPTH_4,
    context: 500,
    max_period: 10_000,
    text_card: 8000,
    n_q: 32,
    dep_q: 32,
    delays: [0, ...delayed(2, 32)],
    depformer_weights_per_step_schedule: [
      ...EIGHT_SETS,
      ...times(8, 8),
      ...times(8, 9),
      ...times(8, 10),
    ],
    demux_second_stream: true,
    cross_attention: true,
    conditioners: {
      speaker_wavs: { type: "tensor", tensor: { dim: 512 } },
      cfg: {
        type: "lut",
        lut: {
          n_bins: 7,
          dim: 16,
          tokenizer: "noop",
          possible_values: ["1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0"],
        },
      },
      control: {
        type: "lut",
        lut: { n_bins: 1, dim: 2048, tokenizer: "noop", possible_values: ["ok"] },
      },
    },
    fuser: {
      cross_attention_pos_emb: true,
      cross_attention_pos_emb_scale: 1,
      sum: ["control", "cfg"],
      prepend: [],
      cross: ["speaker_wavs"],
    },
  },
  mimi: {
    sample_rate: 24_000,
    channels: 1,
    frame_rate: 12.5,
    seanet: {
      dimension: 512,
      n_filters: 64,
      ratios: [8, 6, 5, 4],
      kernel_size: 7,
      residual_kernel_size: 3,
      last_kernel_size: 3,
      compress: 2,
    },
    transformer: {
      num_layers: 8,
      num_heads: 8,
      dim_feedforward: 2048,
      context: 250,
      max_period: 10_000,
    },
    quantizer: { n_q: 32, bins: 2048, dimension: 256 },
  },
};
