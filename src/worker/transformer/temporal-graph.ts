// The temporal transformer, one position a step, with its key/value rings (spec §3.1). Graph description.

import { attend, rmsNorm, rotary, type Graph, type Tensor } from "../graph/index.ts";
import type { LmConfig } from "./config.ts";
import { crossAttention, type CrossMemory } from "./cross-attention.ts";
import { gatedMlp } from "./gated-mlp.ts";
import type { LmWeights } from "./lm-weights.ts";

/** Added to the mean square, under the root ("rms_norm_f32", spec §3.1). */
export const RMS_EPSILON = 1e-8;

/**
 * Where a step stands in time. `branches` is the number of rows that run side by side (2 with guidance):
 * with one position a step, a branch is just more heads.
 */
export interface Position {
  /** cos and sin of the position's angles, [1, headDim/2]. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** Where keys and values go: int64 [1, branches·kvHeads, 1, 3] of (0, head, position mod context). */
  readonly slot: Tensor;
  /** 0 for ring slots that hold a key, a large negative number for those that do not: [1, 1, kvRepeat, context]. */
  readonly mask: Tensor;
}

/**
 * x [branches, dim], the summed embeddings → the normalised output [branches, dim] that heads and depth receive.
 * `memory` is what layers with cross attention attend to.
 */
export function temporalTransformer(
  graph: Graph,
  x: Tensor,
  position: Position,
  memory: CrossMemory | null,
  config: LmConfig,
  weights: LmWeights,
): Tensor {
  const { dim } = config;
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `transformer.layers.${layer}`;
    const norm = (y: Tensor, name: string) =>
      rmsNorm(y, weights.alpha(`${at}.${name}.alpha`, dim), RMS_EPSILON);
    x = x.add(selfAttention(graph, norm(x, "norm1"), `${at}.self_attn`, position, config, weights));
    if (memory !== null) x = x.add(crossAttention(x, layer, memory, config, weights));
    x = x.add(gatedMlp(norm(x, "norm2"), `${at}.gating`, weights));
  }
  return rmsNorm(x, weights.alpha("out_norm.alpha", dim), RMS_EPSILON);
}

/** Attention of one query over the ring, into which the step's own key and value go first. */
function selfAttention(
  graph: Graph,
  x: Tensor,
  at: string,
  { cos, sin, slot, mask }: Position,
  { dim, heads, kvRepeat, context, ropePairs }: LmConfig,
  weights: LmWeights,
): Tensor {
  const branches = x.dim(0);
  const headDim = dim / heads;
  const kvHeads = heads / kvRepeat;
  const kvDim = kvHeads * headDim;

  const packed = x.linear(weights.matrix(`${at}.in_proj_weight`, dim + 2 * kvDim, dim));
  const [queryKey, value] = packed.split(1, [dim + kvDim, kvDim]);
  const [query, key] = rotary(
    queryKey.reshape(1, branches * (heads + kvHeads), 1, headDim),
    cos,
    sin,
    {
      interleaved: ropePairs === "interleaved",
    },
  )
    .reshape(branches, dim + kvDim)
    .split(1, [dim, kvDim]);

  const ring = (name: string, update: Tensor): Tensor => {
    const cache = graph.state(`${at}.${name}`, "float32", [
      1,
      branches * kvHeads,
      context,
      headDim,
    ]);
    const next = cache.scatter(slot, update.reshape(1, branches * kvHeads, 1, headDim));
    graph.keep(cache, next, { inPlace: true });
    return next;
  };
  const keys = ring("keys", key);
  const values = ring("values", value);

  // Query heads that share a key/value head become so many query positions of that one head.
  const grouped =
    kvRepeat === 1
      ? query.reshape(1, 1, branches * dim)
      : query
          .reshape(branches * kvHeads, kvRepeat, headDim)
          .transpose(1, 0, 2)
          .reshape(1, kvRepeat, branches * kvDim);
  const attended = attend(grouped, keys, values, mask);
  const merged =
    kvRepeat === 1
      ? attended
      : attended.reshape(kvRepeat, branches * kvHeads, headDim).transpose(1, 0, 2);
  return merged.reshape(branches, dim).linear(weights.matrix(`${at}.out_proj.weight`, dim, dim));
}
