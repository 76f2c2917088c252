// Shapes of checkpoints that are published without one: a repository without config.json holds a Moshi of 7 billion
// parameters (spec §6.5), and PersonaPlex's config.json says no more than its name. Pure; runs anywhere.

/** The config.json of Moshi 7B (spec §3.2). */
export const MOSHI_7B: Readonly<Record<string, unknown>> = {
  model_type: "moshi",
  dim: 4096,
  num_heads: 32,
  num_layers: 32,
  context: 3000,
  max_period: 10_000,
  positional_embedding: "rope",
  norm: "rms_norm_f32",
  gating: "silu",
  hidden_scale: 4.125,
  causal: true,
  text_card: 32_000,
  card: 2048,
  n_q: 16,
  dep_q: 8,
  delays: [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1],
  depformer_dim: 1024,
  depformer_dim_feedforward: 4224,
  depformer_num_heads: 16,
  depformer_num_layers: 6,
  depformer_multi_linear: true,
  depformer_weights_per_step: true,
  depformer_gating: "silu",
  depformer_pos_emb: "none",
};

/** Moshi's network with 16 sub-steps. */
const PERSONAPLEX_7B: Readonly<Record<string, unknown>> = { ...MOSHI_7B, dep_q: 16 };

/** A parsed config.json, completed where a published one leaves the shape out. */
export function withPublishedShape(json: unknown): unknown {
  const named = json as { readonly model_type?: unknown; readonly dim?: unknown } | null;
  const complete = named?.model_type !== "personaplex" || named.dim !== undefined;
  return complete ? json : { ...PERSONAPLEX_7B, ...named };
}
