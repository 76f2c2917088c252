// One frame of the language model as one graph: embed the column, temporal step, sample the text token,
// all depth sub-steps with sampling, tokens out. What the host feeds it is in `FRAME_INPUTS`. Graph description.

import {
  type BuiltGraph,
  concat,
  Graph,
  type HostTensor,
  type Lowering,
  type Tensor,
} from "../graph/index.ts";
import { type ConditionValues, conditionSum, type Guidance } from "./conditions.ts";
import type { LmConfig } from "./config.ts";
import type { CrossMemory } from "./cross-attention.ts";
import { depthTransformer } from "./depth-graph.ts";
import { embedColumn, rowCount } from "./embedding.ts";
import { LmWeights, type TensorSource } from "./lm-weights.ts";
import { sampleToken } from "./sampling-graph.ts";
import { temporalTransformer } from "./temporal-graph.ts";
import { WORD } from "./text-tokens.ts";

/** Names of what `StepFeeds` writes. */
export const FRAME_INPUTS = {
  /** int32 [rowCount]: rows of the stacked embedding table (`columnRows`). */
  rows: "rows",
  /** float32 [1, headDim / 2] (`Rope`). */
  cos: "cos",
  sin: "sin",
  /** int64 [1, branches·kvHeads, 1, 3]: (0, head, position mod context). */
  slot: "slot",
  /** float32 [1, 1, kvRepeat, context]: 0 for ring slots in use, EXCLUDED for the others. */
  mask: "mask",
  /** float32 [1, text candidates] (`fillNoise`). */
  textNoise: "text_noise",
  /** float32 [depQ, audio candidates]. Absent without own codebooks. */
  audioNoise: "audio_noise",
  /** int32 [1 + depQ]: a token to take instead of sampling, or NOT_FORCED. Only with `forcing`. */
  forced: "forced",
  /** int32 [1]: a text token to take instead of `forced`'s when the model samples WORD, or NOT_FORCED. As `forced`. */
  onWord: "on_word",
} as const;

export const FRAME_OUTPUTS = {
  /** int32 [1 + depQ]: the text token, then the own codebooks. */
  tokens: "tokens",
  /** int32 [1]: the text token before a forced one took its place. Only with `forcing`. */
  sampledText: "sampled_text",
  /** float32 [1, textCard], with `trace`. */
  textLogits: "text_logits",
  /** float32 [depQ, card] after guidance, with `trace`, where there are own codebooks. */
  audioLogits: "audio_logits",
  /** float32 [branches, dim], the normalised output of the temporal transformer, with `trace`. */
  hidden: "hidden",
  /** float32 [branches·extra heads, classes], the heads' probabilities, where the model has them. */
  extraHeads: "extra_heads",
} as const;

/** In `forced`: sample this one. Token −1 is a token (the zero vector), so this is another number. */
export const NOT_FORCED = -2;

export interface FrameGraphOptions {
  readonly lowering: Lowering;
  /** Most candidates that sampling can keep; a session's top-k is at most this. Cut to the vocabulary. */
  readonly textCandidates: number;
  readonly audioCandidates: number;
  /** Values of the model's conditions, if it has any. */
  readonly conditions?: ConditionValues;
  /** Runs a second branch beside the first, whose conditions differ. */
  readonly guidance?: Guidance;
  /** Stacked weights that several graphs of one model share; each adds what it is the first to make. */
  readonly stacks?: Map<string, HostTensor<"float32">>;
  /** What cross attention attends to, for a model that has it. */
  readonly memory?: CrossMemory;
  /** Adds the outputs that golden runs compare. */
  readonly trace?: boolean;
  /** Adds the input that overrides sampled tokens (spec §5.5). */
  readonly forcing?: boolean;
}

/** @throws SottoError `model-shape-mismatch`, `model-file-malformed` for a tensor that does not fit `config`. */
export function buildFrameGraph(
  config: LmConfig,
  source: TensorSource,
  options: FrameGraphOptions,
): BuiltGraph {
  const graph = new Graph("language-model-frame", options.lowering);
  const weights = new LmWeights(graph, source, options.stacks);
  const kvHeads = (branchesOf(options) * config.heads) / config.kvRepeat;
  const angles = [1, config.dim / config.heads / 2];

  const rows = graph.input(FRAME_INPUTS.rows, "int32", [rowCount(config)]);
  const position = {
    cos: graph.input(FRAME_INPUTS.cos, "float32", angles),
    sin: graph.input(FRAME_INPUTS.sin, "float32", angles),
    slot: graph.input(FRAME_INPUTS.slot, "int64", [1, kvHeads, 1, 3]),
    mask: graph.input(FRAME_INPUTS.mask, "float32", [1, 1, config.kvRepeat, config.context]),
  };
  const memory = options.memory ?? null;
  if ((memory === null) !== (config.cross === null))
    throw new RangeError("a memory belongs to a model with cross attention, and only to one");
  const force = options.forcing ? forcedTokens(graph, config) : (token: Tensor) => token;

  const guide = options.guidance ? guided(options.guidance) : (logits: Tensor) => logits;

  const column = condition(embedColumn(rows, config, weights), config, weights, options);
  const hidden = temporalTransformer(graph, column, position, memory, config, weights);
  const textHead = weights.matrix("text_linear.weight", config.textCard, config.dim);
  const textLogits = guide(hidden.linear(textHead));
  const textCandidates = Math.min(options.textCandidates, config.textCard);
  const textNoise = graph.input(FRAME_INPUTS.textNoise, "float32", [1, textCandidates]);
  const sampledText = sampleToken(textLogits, textNoise);
  if (options.forcing) graph.output(FRAME_OUTPUTS.sampledText, sampledText);
  const textToken = force(sampledText, 0);

  const tokens = [textToken];
  const audioLogits: Tensor[] = [];
  if (config.depth !== null) {
    const audioCandidates = Math.min(options.audioCandidates, config.card);
    const audioNoise = graph.input(FRAME_INPUTS.audioNoise, "float32", [
      config.depQ,
      audioCandidates,
    ]);
    const noiseOf = audioNoise.split(0, Array<number>(config.depQ).fill(1));
    tokens.push(
      ...depthTransformer(hidden, textToken, config, config.depth, weights, (logits, codebook) => {
        const noise = noiseOf[codebook];
        if (noise === undefined) throw new RangeError(`no noise for codebook ${codebook}`);
        const joined = guide(logits);
        audioLogits.push(joined);
        return force(sampleToken(joined, noise), 1 + codebook);
      }),
    );
  }

  graph.output(FRAME_OUTPUTS.tokens, concat(tokens, 0));
  if (options.trace) {
    graph.output(FRAME_OUTPUTS.textLogits, textLogits);
    graph.output(FRAME_OUTPUTS.hidden, hidden);
    if (audioLogits.length > 0) graph.output(FRAME_OUTPUTS.audioLogits, concat(audioLogits, 0));
  }
  if (config.extraHeads !== null) {
    const { count, dim } = config.extraHeads;
    const heads = Array.from({ length: count }, (_, i) =>
      hidden.linear(weights.matrix(`extra_heads.${i}.weight`, dim, config.dim)),
    );
    graph.output(FRAME_OUTPUTS.extraHeads, concat(heads, 0).softmax(1));
  }
  return graph.build();
}

/** Rows that run side by side: a conditional one, and with guidance its contrast. */
export function branchesOf(options: Pick<FrameGraphOptions, "guidance">): number {
  return options.guidance ? 2 : 1;
}

/** Adds the conditions: [rows, dim] → [rows, dim], or with guidance [1, dim] → [2, dim]. */
export function condition(
  x: Tensor,
  config: LmConfig,
  weights: LmWeights,
  options: Pick<FrameGraphOptions, "conditions" | "guidance">,
): Tensor {
  if (config.conditions.length === 0 && !options.conditions && !options.guidance) return x;
  const branches = [options.conditions ?? {}];
  if (options.guidance) branches.push(options.guidance.negative);
  const sums = branches.map((values) => conditionSum(config, values, weights));
  const data = Float32Array.from(sums.flatMap((sum) => [...sum]));
  return x.add(
    x.graph.weight("conditions", { dtype: "float32", shape: [sums.length, config.dim], data }),
  );
}

/** Joins the logits of the two branches [2, n] → [1, n]. */
function guided({ scale }: Guidance): (logits: Tensor) => Tensor {
  return (logits) => {
    const [positive, negative] = logits.split(0, [1, 1]);
    return positive.sub(negative).mul(scale).add(negative);
  };
}

/** A function that lets `forced` and `onWord` overrule the token of one row: text is row 0. */
function forcedTokens(graph: Graph, { depQ }: LmConfig): (sampled: Tensor, row: number) => Tensor {
  const forced = graph.input(FRAME_INPUTS.forced, "int32", [1 + depQ]);
  const onWord = graph.input(FRAME_INPUTS.onWord, "int32", [1]);
  const notForced = graph.constant("int32", [1], Int32Array.of(NOT_FORCED));
  const overrule = (token: Tensor, by: Tensor) => by.greaterOrEqual(-1).where(by, token);
  return (sampled, row) => {
    const token = forced.gather(graph.constant("int32", [1], Int32Array.of(row)));
    const held = overrule(sampled, token);
    return row === 0 ? overrule(held, sampled.equal(WORD).where(onWord, notForced)) : held;
  };
}
