// Reads a checkpoint's config.json into a typed description of the language model (spec §3.2, §6.5).
// What this engine does not compute yet is refused by name, here and nowhere else. Pure; runs anywhere.

import type { SessionSettings } from "../../shared/protocol.ts";
import { withPublishedShape } from "./published-shapes.ts";
import { malformed, type Reader, reader, unsupported } from "./config-reader.ts";

/** A lookup-table conditioner that is summed into every step's input (spec §4.1). */
export interface LutCondition {
  readonly name: string;
  /** The table has `bins + 1` rows; the last one is padding. */
  readonly bins: number;
  /** Width of a table row, before the projection to `dim`. */
  readonly width: number;
  /** The attribute's values, in the order of the table's rows. */
  readonly values: readonly string[];
}

/** Vectors over time, such as voices, that every step attends to (spec §4.1). */
export interface CrossCondition {
  readonly name: string;
  /** Width of a vector, before the projection to `dim`. */
  readonly width: number;
  /** Factor of the position embedding that is added to the vectors; null adds none. */
  readonly positionScale: number | null;
}

/** The depth transformer: `dep_q` sub-steps a frame (spec §4). */
export interface DepthConfig {
  readonly dim: number;
  readonly heads: number;
  readonly layers: number;
  /** Sub-steps that the file has embeddings and heads for. The engine runs the first `depQ` of them. */
  readonly subSteps: number;
  /** Weight set that sub-step k uses: `schedule[k]`. Its length is `subSteps`. */
  readonly schedule: readonly number[];
  /** Number of distinct weight sets in the file. */
  readonly sets: number;
  /** Width of the embedding tables when they are low rank, else null. */
  readonly lowRank: number | null;
  /** LayerNorm with weight and bias before each head (Hibiki-zero). */
  readonly headNorm: boolean;
}

/** A Moshi-family language model. Everything that selects a variant of the graph is in here. */
export interface LmConfig {
  readonly dim: number;
  readonly heads: number;
  /** Query heads that share one key/value head. 1: plain multi-head attention. */
  readonly kvRepeat: number;
  readonly layers: number;
  /** Slots of the key/value ring, in steps. */
  readonly context: number;
  readonly ropePeriod: number;
  /** Which elements RoPE pairs: (2i, 2i+1), or (i, i + headDim/2). */
  readonly ropePairs: "interleaved" | "halves";
  /** Text vocabulary; row `textCard` of the embedding is the initial token. */
  readonly textCard: number;
  /** Audio vocabulary; row `card` of an embedding is the initial token. */
  readonly card: number;
  /** Audio rows of a column: own codebooks, then user codebooks. */
  readonly nQ: number;
  /** Own codebooks, which the depth transformer samples. 0: a text-only model (STT). */
  readonly depQ: number;
  /** Delay in steps of each row: text, own codebooks, user codebooks. `1 + nQ` entries. */
  readonly delays: readonly number[];
  /** null exactly when `depQ` is 0. */
  readonly depth: DepthConfig | null;
  /** Classification heads on the temporal output (the pause detector of STT), or null. */
  readonly extraHeads: { readonly count: number; readonly dim: number } | null;
  readonly conditions: readonly LutCondition[];
  /** null exactly when the temporal layers have no cross attention. */
  readonly cross: CrossCondition | null;
  /** A text token can hold a second one, of the stream that looks ahead (TTS, spec §4). */
  readonly demuxText: boolean;
  /** PersonaPlex: a voice and a role are played to it before a conversation (spec §5.8). */
  readonly prompted: boolean;
  /** Hibiki: its end token is fed back as padding (spec §4.1), and its input can end (spec §5.6). */
  readonly translates: boolean;
  /** The checkpoint's own sampling defaults (`lm_gen_config`, else those of the reference, spec §5.3). */
  readonly defaults: SessionSettings;
}

/** Bounds that no published checkpoint comes near: a hostile config must not size an allocation. */
const LIMITS = {
  dim: 16_384,
  layers: 256,
  heads: 256,
  card: 1 << 20,
  nQ: 128,
  delay: 256,
  context: 1 << 17,
  /** (demuxTextCard + 1)·(demuxTextCard + 2) tokens still are int32. */
  demuxTextCard: 46_339,
};

/**
 * @param json the parsed config.json
 * @throws SottoError `model-file-malformed` when a value is missing or of the wrong kind,
 *   `model-unsupported` when the model needs something that this engine does not compute.
 */
export function parseLmConfig(json: unknown): LmConfig {
  const read = reader(withPublishedShape(json), "");
  refuseUnsupported(read);

  const dim = read.integer("dim", 2, LIMITS.dim);
  const heads = read.integer("num_heads", 1, LIMITS.heads);
  const kvRepeat = read.integer("kv_repeat", 1, heads, 1);
  if (dim % (2 * heads) !== 0)
    throw malformed("dim", `a multiple of twice num_heads ${heads}`, dim);
  if (heads % kvRepeat !== 0)
    throw malformed("kv_repeat", `a divisor of num_heads ${heads}`, kvRepeat);
  const nQ = read.integer("n_q", 1, LIMITS.nQ);
  const modelType = read.text("model_type", null);
  const subSteps = read.integer("dep_q", 0, nQ);
  const delays = readDelays(read, nQ);
  const prompted = modelType === "personaplex" || predictsUser(nQ, subSteps, delays);
  // Nothing depends on the user's codebooks as PersonaPlex predicts them: those sub-steps, the last, are not run.
  const depQ = prompted ? Math.min(subSteps, Math.floor(nQ / 2)) : subSteps;
  // Own frame 0 would then be complete at step 0, which is run when a session is made and yields nothing.
  if (depQ > 0 && delays.every((delay) => delay === 0)) throw unsupported("speech without delay");
  const extraHeads = read.integer("extra_heads_num_heads", 0, 64, 0);
  // The first is how files call it, the second how the reference's code does (spec §6.5).
  const demuxText =
    read.flag("demux_second_stream", false) || read.flag("demux_second_text_stream", false);

  return {
    dim,
    heads,
    kvRepeat,
    layers: read.integer("num_layers", 1, LIMITS.layers),
    context: read.integer("context", 1, LIMITS.context),
    ropePeriod: read.positive("max_period"),
    ropePairs: read.choice("positional_embedding", { rope: "interleaved", rope_concat: "halves" }),
    textCard: read.integer("text_card", 4, demuxText ? LIMITS.demuxTextCard : LIMITS.card),
    card: read.integer("card", 2, LIMITS.card),
    nQ,
    depQ,
    delays,
    depth: depQ === 0 ? null : readDepth(read, subSteps),
    extraHeads:
      extraHeads === 0
        ? null
        : { count: extraHeads, dim: read.integer("extra_heads_dim", 1, LIMITS.dim) },
    ...readConditions(read),
    demuxText,
    prompted,
    translates: modelType === "hibiki",
    defaults: readDefaults(read),
  };
}

/** User codebooks of a column. */
export function userCodebooks(config: Pick<LmConfig, "nQ" | "depQ">): number {
  return config.nQ - config.depQ;
}

function readDelays(read: Reader, nQ: number): readonly number[] {
  const delays = read.integers("delays", 0, LIMITS.delay);
  if (delays.length !== nQ + 1)
    throw malformed("delays", `${nQ + 1} numbers (1 + n_q)`, delays.length);
  return delays;
}

/** PersonaPlex by its shape: every codebook is predicted, and the delays of the first half are those of the second. */
function predictsUser(nQ: number, subSteps: number, delays: readonly number[]): boolean {
  const own = delays.slice(1, 1 + nQ / 2);
  const user = delays.slice(1 + nQ / 2);
  return subSteps === nQ && own.some((delay) => delay > 0) && own.join() === user.join();
}

function readDepth(read: Reader, subSteps: number): DepthConfig {
  const dim = read.integer("depformer_dim", 2, LIMITS.dim);
  const heads = read.integer("depformer_num_heads", 1, LIMITS.heads);
  if (dim % heads !== 0)
    throw malformed("depformer_dim", `a multiple of depformer_num_heads ${heads}`, dim);
  const schedule = read.has("depformer_weights_per_step_schedule")
    ? read.integers("depformer_weights_per_step_schedule", 0, LIMITS.nQ)
    : Array.from({ length: subSteps }, (_, k) => k);
  if (schedule.length < subSteps) {
    throw malformed(
      "depformer_weights_per_step_schedule",
      `${subSteps} numbers (dep_q)`,
      schedule.length,
    );
  }
  return {
    dim,
    heads,
    layers: read.integer("depformer_num_layers", 1, LIMITS.layers),
    subSteps,
    schedule: schedule.slice(0, subSteps),
    // The sets of the whole schedule: the fused tensors hold them all, whatever dep_q uses.
    sets: Math.max(...schedule) + 1,
    lowRank: read.has("depformer_low_rank_embeddings")
      ? read.integer("depformer_low_rank_embeddings", 1, LIMITS.dim)
      : null,
    headNorm: read.choice("depformer_norm", { none: false, layer_norm: true }, "none"),
  };
}

function readConditions(read: Reader): Pick<LmConfig, "conditions" | "cross"> {
  const attends = read.flag("cross_attention", false);
  const conditioners = read.has("conditioners")
    ? read.object("conditioners")
    : reader({}, "conditioners");
  const fuser = read.has("fuser") ? read.object("fuser") : reader({}, "fuser");
  const fused = (way: string) => (fuser.has(way) ? fuser.strings(way) : []);
  for (const way of ["prepend", "input_interpolate"]) {
    if (fused(way).length > 0) throw unsupported(`the fuser "${way}"`);
  }
  const summed = fused("sum");
  const crossed = fused("cross");
  const conditions = conditioners
    .keys()
    .filter((name) => !crossed.includes(name))
    .map((name): LutCondition => {
      const conditioner = conditioners.object(name);
      const type = conditioner.text("type", "lut");
      if (type !== "lut") throw unsupported(`the conditioner "${name}" of type "${type}"`);
      if (!summed.includes(name)) throw unsupported(`the conditioner "${name}" outside fuser.sum`);
      const lut = conditioner.object("lut");
      return {
        name,
        bins: lut.integer("n_bins", 1, LIMITS.card),
        width: lut.integer("dim", 1, LIMITS.dim),
        values: lut.strings("possible_values"),
      };
    });
  const [name, ...others] = crossed;
  if (name === undefined) {
    if (attends) throw malformed("fuser.cross", "the condition to attend to", fuser.raw("cross"));
    return { conditions, cross: null };
  }
  if (!attends) throw unsupported("a condition to attend to, without cross attention");
  if (others.length > 0) throw unsupported("cross attention to several conditions");
  const conditioner = conditioners.object(name);
  const type = conditioner.text("type", "lut");
  if (type !== "tensor") throw unsupported(`cross attention to a condition of type "${type}"`);
  const scale = fuser.has("cross_attention_pos_emb_scale")
    ? fuser.positive("cross_attention_pos_emb_scale")
    : 1;
  const cross = {
    name,
    width: conditioner.object("tensor").integer("dim", 1, LIMITS.dim),
    positionScale: fuser.flag("cross_attention_pos_emb", false) ? scale : null,
  };
  return { conditions, cross };
}

function readDefaults(read: Reader): SessionSettings {
  const gen = read.has("lm_gen_config")
    ? read.object("lm_gen_config")
    : reader({}, "lm_gen_config");
  const audioTemperature = gen.nonNegative("temp", 0.8);
  return {
    seed: 0,
    textTemperature: gen.nonNegative("temp_text", gen.has("temp") ? audioTemperature : 0.7),
    textTopK: gen.integer("top_k_text", 0, LIMITS.card, 25),
    audioTemperature,
    audioTopK: gen.integer("top_k", 0, LIMITS.card, 250),
  };
}

/** Every key whose published values this engine does not all compute. */
function refuseUnsupported(read: Reader): void {
  const only: readonly (readonly [key: string, allowed: readonly unknown[]])[] = [
    ["norm", ["rms_norm_f32"]],
    ["gating", ["silu"]],
    ["causal", [true]],
    ["layer_scale", [null]],
    ["quantize", [false, null]],
    ["lora_name", [null]],
    ["depformer_gating", ["silu"]],
    ["depformer_layer_scale", [null]],
    ["depformer_multi_linear", [true]],
    ["depformer_weights_per_step", [true]],
    ["depformer_pos_emb", ["none"]],
    ["depformer_kv_repeat", [1, null]],
  ];
  for (const [key, allowed] of only) {
    const value = read.raw(key);
    if (value !== undefined && !allowed.includes(value)) {
      throw unsupported(`"${key}": ${JSON.stringify(value)}`);
    }
  }
}
