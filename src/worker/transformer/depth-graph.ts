// The depth transformer: depQ sub-steps a frame, each sampling one own codebook given the text token and the
// codebooks before it (spec §4). Its keys and values live within the frame, so it has no state. Graph description.

import { attend, concat, layerNorm, rmsNorm, type Tensor } from "../graph/index.ts";
import type { DepthConfig, LmConfig } from "./config.ts";
import { joinText } from "./embedding.ts";
import { gatedMlp } from "./gated-mlp.ts";
import type { LmWeights } from "./lm-weights.ts";
import { RMS_EPSILON } from "./temporal-graph.ts";

const LAYER_NORM_EPSILON = 1e-5;

/** Keys and values of the sub-steps so far, one layer's: [1, branches·heads, sub-steps, headDim]. */
interface Memory {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * @param hidden the temporal transformer's output [branches, dim]
 * @param textToken int32 [1]
 * @param sample turns the logits [branches, card] of own codebook k into a token int32 [1]
 * @returns the own codebooks' tokens, int32 [1] each
 */
export function depthTransformer(
  hidden: Tensor,
  textToken: Tensor,
  config: LmConfig,
  depth: DepthConfig,
  weights: LmWeights,
  sample: (logits: Tensor, codebook: number) => Tensor,
): Tensor[] {
  const { dim } = depth;
  const memories: (Memory | undefined)[] = [];
  // Sub-steps that share a weight set share its product with the hidden state too.
  const inputs = new Map<number, Tensor>();
  const tokens: Tensor[] = [];

  let previous = textToken;
  for (const [k, set] of depth.schedule.slice(0, config.depQ).entries()) {
    const input =
      inputs.get(set) ??
      hidden.linear(weights.matrix(`depformer_in.${set}.weight`, dim, config.dim));
    inputs.set(set, input);

    let x = input.add(embedPrevious(previous, k, config, depth, weights));
    for (let layer = 0; layer < depth.layers; layer++) {
      const at = `depformer.layers.${layer}`;
      const norm = (y: Tensor, name: string) =>
        rmsNorm(y, weights.alpha(`${at}.${name}.alpha`, dim), RMS_EPSILON);
      const [attended, memory] = selfAttention(
        norm(x, "norm1"),
        `${at}.self_attn`,
        set,
        memories[layer],
        depth,
        weights,
      );
      memories[layer] = memory;
      x = x.add(attended);
      x = x.add(gatedMlp(norm(x, "norm2"), `${at}.gating.${set}`, weights));
    }
    if (depth.headNorm) {
      const scale = weights.vector(`depformer_norms.${k}.weight`, dim);
      const bias = weights.vector(`depformer_norms.${k}.bias`, dim);
      x = layerNorm(x, scale, bias, LAYER_NORM_EPSILON);
    }
    previous = sample(x.linear(weights.matrix(`linears.${k}.weight`, config.card, dim)), k);
    tokens.push(previous);
  }
  return tokens;
}

/** Embedding of the token before codebook k: the text token, or codebook k − 1. → [1, depth dim] */
function embedPrevious(
  token: Tensor,
  codebook: number,
  config: LmConfig,
  depth: DepthConfig,
  weights: LmWeights,
): Tensor {
  const name = codebook === 0 ? "depformer_text_emb" : `depformer_emb.${codebook - 1}`;
  const rows = (codebook === 0 ? config.textCard : config.card) + 1;
  const width = depth.lowRank ?? depth.dim;
  // A gather takes row −1 from the end: the zeros that stand for token −1.
  const table = weights.stackedTables(`${name}.weight`, [{ name: `${name}.weight`, rows }], width);
  if (codebook === 0 && config.demuxText) {
    // `splitText`, in integers: −1 ÷ rows is 0, so that the zero vector gives −1 for both halves.
    const seconds = token.div(rows);
    const main = table.gather(token.sub(seconds.mul(rows)));
    return joinText(main, table.gather(seconds.sub(1)), name, depth.dim, weights);
  }
  const embedded = table.gather(token);
  return depth.lowRank === null
    ? embedded
    : embedded.linear(weights.matrix(`${name}.low_rank.weight`, depth.dim, depth.lowRank));
}

/** Attends to the sub-steps 0…k of this frame. No positions: what a sub-step is, its weight set says. */
function selfAttention(
  x: Tensor,
  at: string,
  set: number,
  memory: Memory | undefined,
  { dim, heads, sets }: DepthConfig,
  weights: LmWeights,
): [attended: Tensor, memory: Memory] {
  const branches = x.dim(0);
  const packed = x.linear(weights.block(`${at}.in_proj_weight`, set, sets, 3 * dim, dim));
  const [query, key, value] = packed.split(1, [dim, dim, dim]);
  const append = (past: Tensor | undefined, next: Tensor): Tensor => {
    const row = next.reshape(1, branches * heads, 1, dim / heads);
    return past === undefined ? row : concat([past, row], 2);
  };
  const now = { keys: append(memory?.keys, key), values: append(memory?.values, value) };
  // A single key takes all the attention.
  const attended =
    memory === undefined
      ? value
      : attend(query.reshape(1, 1, branches * dim), now.keys, now.values, null);
  const output = attended.reshape(branches, dim);
  return [output.linear(weights.block(`${at}.out_proj.weight`, set, sets, dim, dim)), now];
}
