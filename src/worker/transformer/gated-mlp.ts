// The SiLU-gated feed-forward block, which temporal and depth layers share (spec §3.1). Graph description.

import type { Tensor } from "../graph/index.ts";
import type { LmWeights } from "./lm-weights.ts";

/** W_out·(silu(a)·b), where a and b are the halves of W_in·x. x [rows, dim]; weights under `at`. */
export function gatedMlp(x: Tensor, at: string, weights: LmWeights): Tensor {
  const dim = x.dim(1);
  // The hidden width follows from rounding rules that differ between the reference's back ends: the file knows.
  const hidden = weights.columns(`${at}.linear_out.weight`, dim);
  const both = x.linear(weights.matrix(`${at}.linear_in.weight`, 2 * hidden, dim));
  const [gate, up] = both.split(1, [hidden, hidden]);
  return gate
    .silu()
    .mul(up)
    .linear(weights.matrix(`${at}.linear_out.weight`, dim, hidden));
}
