// Split residual vector quantisation (spec §1.4): the search of the encoder, the lookup of the decoder.

import type { HostTensor, Tensor } from "../graph/index.ts";
import { concat } from "../graph/index.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import type { MimiConfig } from "./mimi-config.ts";
import type { Site } from "./streaming.ts";

/** Usage counts below this are taken as this (spec §1.4). */
const LEAST_USAGE = 1e-5;

/** The semantic codebook, and the acoustic ones that refine the same latent. */
const GROUPS = ["rvq_first", "rvq_rest"] as const;
type Group = (typeof GROUPS)[number];

/** How many of the first `codebooks` codebooks each group holds. */
function groupSizes(codebooks: number): Record<Group, number> {
  return { rvq_first: 1, rvq_rest: codebooks - 1 };
}

/** Latent [1, dimension, 1] → codes, int32 [codebooks]: in each group the nearest row, then the nearest to the rest. */
export function quantize(
  site: Site,
  latent: Tensor,
  codebooks: number,
  config: MimiConfig,
): Tensor {
  const { graph, weights } = site;
  const column = latent.reshape(1, config.dimension);
  const codes: Tensor[] = [];
  for (const group of GROUPS) {
    const size = groupSizes(codebooks)[group];
    if (size === 0) continue;
    let rest = column.linear(projection(site, group, "input", config));
    for (let layer = 0; layer < size; layer += 1) {
      const name = codebookName(group, layer);
      const rows = readCodebook(weights, name, config);
      const table = graph.weight(name, rows);
      // argmin |c - r|² = argmax c·r - |c|²/2
      const offset = graph.weight(`${name}.offset`, halfSquaresNegated(rows));
      const code = rest.linear(table, offset).argMax(1, false);
      codes.push(code);
      if (layer < size - 1) rest = rest.sub(table.gather(code));
    }
  }
  return concat(codes, 0);
}

/**
 * Rows of the codebooks → latent [1, dimension, 1]. `rows` int32 [codebooks] is code k of codebook k, plus `bins` times
 * its place in its group (see `codeRows`), since each group's codebooks are stacked into one table.
 */
export function dequantize(
  site: Site,
  rows: Tensor,
  codebooks: number,
  config: MimiConfig,
): Tensor {
  const sizes = groupSizes(codebooks);
  const parts = GROUPS.filter((group) => sizes[group] > 0);
  const rowsOf = rows.split(
    0,
    parts.map((group) => sizes[group]),
  );
  const latents = parts.map((group, i) => {
    const table = site.graph.weight(
      group,
      stackedCodebooks(site.weights, group, sizes[group], config),
    );
    const entry = table.gather(rowsOf[i] as Tensor);
    const sum = sizes[group] === 1 ? entry : entry.sum(0);
    return sum.linear(projection(site, group, "output", config));
  });
  return latents.reduce((sum, latent) => sum.add(latent)).reshape(1, config.dimension, 1);
}

/** Codes → rows of the stacked tables that `dequantize` looks up. */
export function codeRows(codes: Int32Array, bins: number): Int32Array {
  return codes.map((code, codebook) => code + Math.max(0, codebook - 1) * bins);
}

function projection(
  { graph, weights }: Site,
  group: Group,
  end: "input" | "output",
  { dimension, codebookDim }: MimiConfig,
): Tensor {
  const name = `quantizer.${group}.${end}_proj.weight`;
  const [rows, columns] = end === "input" ? [codebookDim, dimension] : [dimension, codebookDim];
  // Stored as a convolution of kernel 1.
  const { dtype, data } = weights.float(name, [rows, columns, 1]);
  return graph.weight(name, { dtype, shape: [rows, columns], data });
}

function codebookName(group: Group, layer: number): string {
  return `quantizer.${group}.vq.layers.${layer}._codebook`;
}

/** Rows [bins, codebookDim]: the running sum of each entry over its usage. */
function readCodebook(
  weights: Checkpoint,
  name: string,
  { bins, codebookDim }: MimiConfig,
): HostTensor<"float32"> {
  const sums = weights.float(`${name}.embedding_sum`, [bins, codebookDim]).data;
  const usage = weights.float(`${name}.cluster_usage`, [bins]).data;
  const data = Float32Array.from(
    sums,
    (sum, i) => sum / Math.max(usage[Math.floor(i / codebookDim)] as number, LEAST_USAGE),
  );
  return { dtype: "float32", shape: [bins, codebookDim], data };
}

/** -|c|²/2 of every row, [bins]. */
function halfSquaresNegated({ shape, data }: HostTensor<"float32">): HostTensor<"float32"> {
  const [bins, width] = shape as [number, number];
  const halves = new Float32Array(bins);
  for (let row = 0; row < bins; row += 1) {
    let sum = 0;
    for (const value of data.subarray(row * width, (row + 1) * width)) sum += value * value;
    halves[row] = -sum / 2;
  }
  return { dtype: "float32", shape: [bins], data: halves };
}

function stackedCodebooks(
  weights: Checkpoint,
  group: Group,
  size: number,
  config: MimiConfig,
): HostTensor<"float32"> {
  const { bins, codebookDim } = config;
  const data = new Float32Array(size * bins * codebookDim);
  for (let layer = 0; layer < size; layer += 1)
    data.set(
      readCodebook(weights, codebookName(group, layer), config).data,
      layer * bins * codebookDim,
    );
  return { dtype: "float32", shape: [size * bins, codebookDim], data };
}
