// The temporal transformer, one position a step or several of a prompt at once (spec §3.1). Graph description.

import { type Graph, rmsNorm, type Tensor } from "../graph/index.ts";
import type { LmConfig } from "./config.ts";
import { crossAttention, type CrossMemory } from "./cross-attention.ts";
import { gatedMlp } from "./gated-mlp.ts";
import type { LmWeights } from "./lm-weights.ts";
import { type Position, selfAttention } from "./self-attention.ts";

/** Added to the mean square, under the root ("rms_norm_f32", spec §3.1). */
export const RMS_EPSILON = 1e-8;

/**
 * x [rows, dim], the summed embeddings → the normalised output [rows, dim] that heads and depth receive. A row is a
 * branch, or a position.
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
