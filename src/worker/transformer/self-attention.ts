// Attention over a ring of keys and values, into which a run's own go first (spec §3.1). Graph description.

import { attend, type Graph, rotary, type Tensor } from "../graph/index.ts";
import type { LmConfig } from "./config.ts";
import type { LmWeights } from "./lm-weights.ts";

/**
 * Where a run stands in time: one position, in `branches` rows that run side by side (2 with guidance), since with one
 * position a branch is just more heads; or several positions of one branch.
 */
export interface Position {
  /** cos and sin of the positions' angles, [positions, headDim/2]. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** Where keys and values go: int64 [1, branches·kvHeads, positions, 3] of (0, head, position mod context). */
  readonly slot: Tensor;
  /**
   * 0 for ring slots that a position sees, a large negative number for those that it does not:
   * [1, 1, kvRepeat·positions, context], the same for each repeat.
   */
  readonly mask: Tensor;
}

/** x [rows, dim] → [rows, dim]; a row is a branch, or a position. Weights and ring under `at`. */
export function selfAttention(
  graph: Graph,
  x: Tensor,
  at: string,
  { cos, sin, slot, mask }: Position,
  { dim, heads, kvRepeat, context, ropePairs }: LmConfig,
  weights: LmWeights,
): Tensor {
  const positions = cos.dim(0);
  const branches = x.dim(0) / positions;
  if (positions > 1 && branches > 1) throw new RangeError("several positions of several branches");
  const headDim = dim / heads;
  const kvHeads = heads / kvRepeat;
  const kvDim = kvHeads * headDim;
  /** [rows, count·headDim] → [1, branches·count, positions, headDim] */
  const byHead = (y: Tensor, count: number) =>
    positions === 1
      ? y.reshape(1, branches * count, 1, headDim)
      : y
          .reshape(positions, count, headDim)
          .transpose(1, 0, 2)
          .reshape(1, count, positions, headDim);

  const packed = x.linear(weights.matrix(`${at}.in_proj_weight`, dim + 2 * kvDim, dim));
  const [queryKey, value] = packed.split(1, [dim + kvDim, kvDim]);
  const rotated = rotary(byHead(queryKey, heads + kvHeads), cos, sin, {
    interleaved: ropePairs === "interleaved",
  });
  const [query, key] =
    positions === 1
      ? rotated.reshape(branches, dim + kvDim).split(1, [dim, kvDim])
      : rotated.split(1, [heads, kvHeads]);

  const ring = (name: string, update: Tensor): Tensor => {
    const shape = [1, branches * kvHeads, context, headDim];
    const cache = graph.state(`${at}.${name}`, "float32", shape);
    const next = cache.scatter(slot, update);
    graph.keep(cache, next, { inPlace: true });
    return next;
  };
  const keys = ring("keys", key.reshape(1, branches * kvHeads, positions, headDim));
  const values = ring("values", byHead(value, kvHeads));

  // Query heads that share a key/value head become so many query positions of that one head.
  let grouped = query;
  if (positions > 1)
    grouped = query.reshape(kvHeads, kvRepeat, positions, headDim).transpose(1, 2, 0, 3);
  else if (kvRepeat > 1)
    grouped = query.reshape(branches * kvHeads, kvRepeat, headDim).transpose(1, 0, 2);
  const attended = attend(
    grouped.reshape(1, kvRepeat * positions, branches * kvDim),
    keys,
    values,
    mask,
  );
  let merged = attended;
  if (positions > 1)
    merged = attended.reshape(kvRepeat, positions, kvHeads, headDim).transpose(1, 2, 0, 3);
  else if (kvRepeat > 1)
    merged = attended.reshape(kvRepeat, branches * kvHeads, headDim).transpose(1, 0, 2);
  return merged.reshape(x.dim(0), dim).linear(weights.matrix(`${at}.out_proj.weight`, dim, dim));
}
