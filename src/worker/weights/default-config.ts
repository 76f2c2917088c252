// What a repository without a config.json means: Moshi 7B, under the file names of its first release (spec §6.1, §6.5).

/** config.json of Moshi 7B. */
export const MOSHI_7B_CONFIG: Readonly<Record<string, unknown>> = {
  dim: 4096,
  num_heads: 32,
  num_layers: 32,
  hidden_scale: 4.125,
  context: 3000,
  max_period: 10_000,
  causal: true,
  norm: "rms_norm_f32",
  gating: "silu",
  layer_scale: null,
  positional_embedding: "rope",
  text_card: 32_000,
  existing_text_padding_id: 3,
  card: 2048,
  n_q: 16,
  dep_q: 8,
  delays: [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1],
  depformer_dim: 1024,
  depformer_dim_feedforward: 4224,
  depformer_num_heads: 16,
  depformer_num_layers: 6,
  depformer_gating: "silu",
  depformer_pos_emb: "none",
  depformer_multi_linear: true,
  depformer_weights_per_step: true,
};

/** File names for keys that config.json leaves out; the language model's are tried in turn. */
export const DEFAULT_FILES = {
  moshi_name: [
    "model.safetensors",
    "model.q8.safetensors",
    "model.q4.safetensors",
    "model.q8.gguf",
  ],
  mimi_name: ["tokenizer-e351c8d8-checkpoint125.safetensors"],
} as const;
