// The language model's tensors under their PyTorch names (spec §6.3), each checked against the shape that
// config.json implies at the moment a graph asks for it. Runs in the worker and in Node.

import { SottoError } from "../../shared/errors.ts";
import { type Graph, type HostTensor, sizeOf, type Tensor } from "../graph/index.ts";

/** Where tensors come from: a Map does, and so does an opened checkpoint. */
export interface TensorSource {
  get(name: string): HostTensor | undefined;
}

/** Hands tensors of a checkpoint to a graph. Data is borrowed until the graph's session exists. */
export class LmWeights {
  readonly #graph: Graph;
  readonly #source: TensorSource;
  readonly #blocks = new Map<string, Tensor>();

  constructor(graph: Graph, source: TensorSource) {
    this.#graph = graph;
    this.#source = source;
  }

  has(name: string): boolean {
    return this.#source.get(name) !== undefined;
  }

  /** A matrix [out, in], as stored. */
  matrix(name: string, outWidth: number, inWidth: number): Tensor {
    return this.#graph.weight(name, this.checked(name, [outWidth, inWidth]));
  }

  /** Block `index` of a matrix that stacks `count` matrices [out, in]: the fused weight sets of spec §4. */
  block(name: string, index: number, count: number, outWidth: number, inWidth: number): Tensor {
    const key = `${name}[${index}]`;
    const known = this.#blocks.get(key);
    if (known) return known;
    const whole = this.checked(name, [count * outWidth, inWidth]);
    const size = outWidth * inWidth;
    const data = whole.data.subarray(index * size, (index + 1) * size);
    const block = this.#graph.weight(key, { dtype: "float32", shape: [outWidth, inWidth], data });
    this.#blocks.set(key, block);
    return block;
  }

  /** The scale of an RMS norm, stored [1, 1, width] → [width]. */
  alpha(name: string, width: number): Tensor {
    return this.#graph.weight(name, { ...this.checked(name, [1, 1, width]), shape: [width] });
  }

  /** A vector [width]. */
  vector(name: string, width: number): Tensor {
    return this.#graph.weight(name, this.checked(name, [width]));
  }

  /**
   * Embedding tables below one another, then one row of zeros. Row r of table i is row `offsets[i] + r`;
   * the row of zeros, which stands for token −1 (spec §3.1), is the last.
   */
  stackedTables(name: string, tables: readonly TableShape[]): StackedTables {
    const width = tables[0]?.width ?? 0;
    const rows = tables.reduce((total, table) => total + table.rows, 0);
    const data = new Float32Array((rows + 1) * width);
    const offsets: number[] = [];
    let row = 0;
    for (const table of tables) {
      data.set(this.checked(table.name, [table.rows, width]).data, row * width);
      offsets.push(row);
      row += table.rows;
    }
    return {
      table: this.#graph.weight(name, { dtype: "float32", shape: [rows + 1, width], data }),
      offsets,
      zeroRow: rows,
    };
  }

  /** Columns of a matrix whose rows are known: a width that config.json leaves to the file (spec §3.1). */
  columns(name: string, rows: number): number {
    const { shape } = this.#find(name);
    const columns = shape[1];
    if (shape.length !== 2 || shape[0] !== rows || columns === undefined) {
      throw shapeMismatch(name, `[${rows}, any]`, shape);
    }
    return columns;
  }

  /** A tensor's elements, after checking its shape. Borrowed. */
  checked(name: string, shape: readonly number[]): HostTensor<"float32"> {
    const tensor = this.#find(name);
    const fits =
      tensor.shape.length === shape.length && tensor.shape.every((size, i) => size === shape[i]);
    if (!fits || tensor.data.length !== sizeOf(shape)) {
      throw shapeMismatch(name, `[${shape.join(", ")}]`, tensor.shape);
    }
    return tensor;
  }

  #find(name: string): HostTensor<"float32"> {
    const tensor = this.#source.get(name);
    if (tensor === undefined) {
      throw new SottoError(
        "model-file-malformed",
        `The language model's file has no tensor "${name}", which config.json calls for.`,
        "Download the model again, or check the directory that it was packed from.",
      );
    }
    if (!isFloat32(tensor)) {
      throw new SottoError(
        "model-unsupported",
        `The tensor "${name}" is stored as ${tensor.dtype}.`,
        "Convert the language model to floating point.",
      );
    }
    return tensor;
  }
}

/** One embedding table of a stack. */
export interface TableShape {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
}

export interface StackedTables {
  readonly table: Tensor;
  readonly offsets: readonly number[];
  readonly zeroRow: number;
}

function isFloat32(tensor: HostTensor): tensor is HostTensor<"float32"> {
  return tensor.dtype === "float32";
}

function shapeMismatch(name: string, expected: string, found: readonly number[]): SottoError {
  return new SottoError(
    "model-shape-mismatch",
    `The tensor "${name}" has shape [${found.join(", ")}]; config.json implies ${expected}.`,
    "The files of this model do not belong together. Download the model again.",
  );
}
