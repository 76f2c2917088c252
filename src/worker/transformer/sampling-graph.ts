// The drawing half of sampling, inside the frame graph: the top k logits, plus the host's noise, then the
// argmax (spec §5.3). At temperature 0 the noise is zero and this is the argmax. Graph description.

import { concat, type Tensor } from "../graph/index.ts";
import { EXCLUDED } from "./sampling.ts";

/** The widest row that WebGPU's TopK sorts in one dispatch; a row of 32 000 would cost over a hundred. */
const SLICE_WIDTH = 2048;

/**
 * @param logits [1, vocabulary]
 * @param noise [1, k], from `fillNoise`: k is how many candidates the graph can keep at most
 * @returns the token, int32 [1]
 */
export function sampleToken(logits: Tensor, noise: Tensor, sliceWidth?: number): Tensor {
  const { graph } = logits;
  const width = sliceWidth ?? (graph.lowering === "webgpu" ? SLICE_WIDTH : logits.dim(1));
  const { values, tokens } = candidates(logits, noise.dim(1), width);
  return tokens.gather(values.add(noise).argMax(1, false));
}

/**
 * The k largest logits, in order, and their tokens (int32 [k]). A row wider than `sliceWidth` is cut into slices;
 * the winners of the slices then compete, again in slices if need be. Exact: a token among the k best of all
 * is among the k best of its slice. Of equal logits the lowest token comes first, as in one sort.
 */
function candidates(
  logits: Tensor,
  k: number,
  sliceWidth: number,
): { values: Tensor; tokens: Tensor } {
  const { graph } = logits;
  const width = logits.dim(1);
  const slices = Math.ceil(width / sliceWidth);
  if (slices === 1 || slices * k >= width) {
    const { values, indices } = logits.topK(k);
    return { values, tokens: indices.reshape(k) };
  }
  const each = Math.ceil(width / slices);
  const missing = slices * each - width;
  const fill = (size: number) =>
    graph.constant("float32", [1, size], new Float32Array(size).fill(EXCLUDED));
  const padded = missing === 0 ? logits : concat([logits, fill(missing)], 1);
  const { values, indices } = padded.reshape(slices, each).topK(k);
  const starts = graph.constant(
    "int32",
    [slices, 1],
    Int32Array.from({ length: slices }, (_, i) => i * each),
  );
  const tokens = indices.add(starts).reshape(slices * k);
  const best = candidates(values.reshape(1, slices * k), k, sliceWidth);
  return { values: best.values, tokens: tokens.gather(best.tokens) };
}
