// The language model's tensors under their PyTorch names (spec §6.3), each checked against the shape that
// config.json implies at the moment a graph asks for it. Runs in the worker and in Node.

import { SottoError } from "../../shared/errors.ts";
import type { Graph, HostTensor, Tensor } from "../graph/index.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";

/** Where tensors come from: an opened checkpoint file. */
export type TensorSource = Pick<Checkpoint, "float" | "names">;

/** Every tensor name that this engine gives a meaning. */
const KNOWN_NAMES = [
  /^(text_emb|emb\.\d+|text_linear)\.weight$/,
  /^out_norm\.alpha$/,
  /^extra_heads\.\d+\.weight$/,
  /^(transformer|depformer)\.layers\.\d+\.(norm[12]\.alpha|self_attn\.(in_proj_weight|out_proj\.weight))$/,
  /^transformer\.layers\.\d+\.gating\.linear_(in|out)\.weight$/,
  /^depformer\.layers\.\d+\.gating\.\d+\.linear_(in|out)\.weight$/,
  /^(depformer_in\.\d+|linears\.\d+)\.weight$/,
  /^depformer_(text_emb|emb\.\d+)\.(low_rank\.)?weight$/,
  /^(depformer_)?text_emb\.out[12]\.weight$/,
  /^transformer\.layers\.\d+\.(cross_attention\.(in_proj_weight|out_proj\.weight)|norm_cross\.(weight|bias))$/,
  /^depformer_norms\.\d+\.(weight|bias)$/,
  /^condition_provider\.conditioners\.[^.]+\.(embed\.weight|output_proj\.weight|learnt_padding)$/,
];

/** Hands tensors of a checkpoint to a graph. Data is borrowed until the graph's session exists. */
export class LmWeights {
  readonly #graph: Graph;
  readonly #source: TensorSource;
  readonly #stacks: Map<string, HostTensor<"float32">>;
  readonly #blocks = new Map<string, Tensor>();

  /**
   * @param stacks what `stackedTables` has made for other graphs of the same source, to be shared with them
   * @throws SottoError `model-unsupported` when the file holds a tensor that no part of this engine computes with:
   *   a bias, an adapter or a block that was left out would change the model in silence.
   */
  constructor(
    graph: Graph,
    source: TensorSource,
    stacks: Map<string, HostTensor<"float32">> = new Map(),
  ) {
    const stranger = source.names().find((name) => !KNOWN_NAMES.some((known) => known.test(name)));
    if (stranger !== undefined) {
      throw new SottoError(
        "model-unsupported",
        `The language model has a tensor "${stranger}", which Sotto does not compute with.`,
        "Choose a Moshi-shaped model in the PyTorch naming.",
      );
    }
    this.#graph = graph;
    this.#source = source;
    this.#stacks = stacks;
  }

  /** A matrix [out, in], as stored. */
  matrix(name: string, outWidth: number, inWidth: number): Tensor {
    return this.#graph.weight(name, this.#source.float(name, [outWidth, inWidth]));
  }

  /** Block `index` of a matrix that stacks `count` matrices [out, in]: the fused weight sets of spec §4. */
  block(name: string, index: number, count: number, outWidth: number, inWidth: number): Tensor {
    const key = `${name}[${index}]`;
    const known = this.#blocks.get(key);
    if (known) return known;
    const whole = this.#source.float(name, [count * outWidth, inWidth]);
    const size = outWidth * inWidth;
    const data = whole.data.subarray(index * size, (index + 1) * size);
    const block = this.#graph.weight(key, { dtype: "float32", shape: [outWidth, inWidth], data });
    this.#blocks.set(key, block);
    return block;
  }

  /** The scale of an RMS norm, stored [1, 1, width] → [width]. */
  alpha(name: string, width: number): Tensor {
    const { data } = this.#source.float(name, [1, 1, width]);
    return this.#graph.weight(name, { dtype: "float32", shape: [width], data });
  }

  /** A vector [width]. */
  vector(name: string, width: number): Tensor {
    return this.#graph.weight(name, this.#source.float(name, [width]));
  }

  /**
   * Embedding tables below one another, then one row of zeros, which stands for token −1 (spec §3.1).
   * → [sum of rows + 1, width]
   */
  stackedTables(name: string, tables: readonly TableShape[], width: number): Tensor {
    const known = this.#stacks.get(name);
    if (known) return this.#graph.weight(name, known);
    const rows = tables.reduce((total, table) => total + table.rows, 0);
    const data = new Float32Array((rows + 1) * width);
    let start = 0;
    for (const table of tables) {
      data.set(this.#source.float(table.name, [table.rows, width]).data, start);
      start += table.rows * width;
    }
    const stack = { dtype: "float32", shape: [rows + 1, width], data } as const;
    this.#stacks.set(name, stack);
    return this.#graph.weight(name, stack);
  }

  /** Columns of a matrix whose rows are known: a width that config.json leaves to the file (spec §3.1). */
  columns(name: string, rows: number): number {
    return this.#source.float(name, [rows, null]).shape[1] ?? 0;
  }

  /** A tensor's elements, for the host to compute with. Borrowed. */
  elements(name: string, shape: readonly number[]): Float32Array {
    return this.#source.float(name, shape).data;
  }
}

/** One embedding table of a stack. */
export interface TableShape {
  readonly name: string;
  readonly rows: number;
}
