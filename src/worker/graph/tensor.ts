// A tensor as model code handles it: a named edge of the graph with a dtype and a static shape,
// and the operators that model files are written with. Building checks shapes; nothing is computed here.

import type { DType } from "./dtype.ts";
import type { Graph } from "./graph.ts";
import {
  axisOf,
  broadcast,
  dim,
  matmulShape,
  permute,
  resolveReshape,
  ShapeError,
  shapeText,
  withAxis,
} from "./shape.ts";

/** Something that an elementwise operator takes on its right side: a tensor, or a scalar of the same dtype. */
export type Operand = Tensor | number;

/** One tensor for each size given, so that they can be taken apart by position. */
type Parts<Sizes extends readonly number[]> = { -readonly [I in keyof Sizes]: Tensor };

export class Tensor {
  readonly graph: Graph;
  /** The edge's name in the ONNX graph, unique. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];

  /** Called by Graph only. */
  constructor(graph: Graph, name: string, dtype: DType, shape: readonly number[]) {
    this.graph = graph;
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Size of one axis, counted from the end when negative. */
  dim(axis: number): number {
    return dim(this.shape, axis);
  }

  // Elementwise, with broadcasting.
  add(other: Operand): Tensor {
    return this.binary("Add", other);
  }
  sub(other: Operand): Tensor {
    return this.binary("Sub", other);
  }
  mul(other: Operand): Tensor {
    return this.binary("Mul", other);
  }
  div(other: Operand): Tensor {
    return this.binary("Div", other);
  }
  max(other: Operand): Tensor {
    return this.binary("Max", other);
  }
  min(other: Operand): Tensor {
    return this.binary("Min", other);
  }
  equal(other: Operand): Tensor {
    return this.binary("Equal", other, "bool");
  }
  greaterOrEqual(other: Operand): Tensor {
    return this.binary("GreaterOrEqual", other, "bool");
  }
  less(other: Operand): Tensor {
    return this.binary("Less", other, "bool");
  }
  /** `this` (bool) chooses between two tensors. */
  where(yes: Tensor, no: Tensor): Tensor {
    const shape = broadcast(this.shape, broadcast(yes.shape, no.shape));
    return this.graph.op("Where", [this, yes, no], {}, { dtype: yes.dtype, shape });
  }

  // Elementwise, one operand.
  neg(): Tensor {
    return this.unary("Neg");
  }
  exp(): Tensor {
    return this.unary("Exp");
  }
  log(): Tensor {
    return this.unary("Log");
  }
  sqrt(): Tensor {
    return this.unary("Sqrt");
  }
  tanh(): Tensor {
    return this.unary("Tanh");
  }
  sigmoid(): Tensor {
    return this.unary("Sigmoid");
  }
  /** x > 0 ? x : exp(x) - 1 */
  elu(): Tensor {
    // ONNX Runtime's Elu on the CPU is not vectorised; these five are, and together take half of its time.
    if (this.graph.lowering === "wasm") return this.max(0).add(this.min(0).exp().sub(1));
    return this.unary("Elu");
  }
  /** Exact GELU, x·Φ(x) with erf. */
  gelu(): Tensor {
    return this.unary("Gelu", {}, "com.microsoft");
  }
  /** x·sigmoid(x) */
  silu(): Tensor {
    return this.unary("QuickGelu", { alpha: { float: 1 } }, "com.microsoft");
  }
  cast(dtype: DType): Tensor {
    if (dtype === this.dtype) return this;
    const shape = this.shape;
    return this.graph.op("Cast", [this], { to: { dtype } }, { dtype, shape });
  }

  // Products.
  /** Batched matrix product; both of rank 2 or more. */
  matmul(other: Tensor): Tensor {
    const shape = matmulShape(this.shape, other.shape);
    return this.graph.op("MatMul", [this, other], {}, { dtype: this.dtype, shape });
  }
  /** y = x·Wᵀ (+ bias): `this` [rows, in], `weight` [out, in] as checkpoints store it, `bias` [out]. */
  linear(weight: Tensor, bias?: Tensor): Tensor {
    if (this.rank !== 2 || weight.rank !== 2 || this.dim(1) !== weight.dim(1))
      throw new ShapeError(
        `linear: rows ${shapeText(this.shape)} do not meet weight ${shapeText(weight.shape)}`,
      );
    const inputs = bias ? [this, weight, bias] : [this, weight];
    const shape = [this.dim(0), weight.dim(0)];
    return this.graph.op("Gemm", inputs, { transB: 1 }, { dtype: this.dtype, shape });
  }

  // Layout.
  /** Same elements, another shape; one axis may be -1. */
  reshape(...sizes: readonly number[]): Tensor {
    const shape = resolveReshape(this.shape, sizes);
    const target = this.graph.ints(shape);
    return this.graph.op("Reshape", [this, target], {}, { dtype: this.dtype, shape });
  }
  /** Result axis i is source axis `order[i]`. */
  transpose(...order: readonly number[]): Tensor {
    const shape = permute(this.shape, order);
    return this.graph.op("Transpose", [this], { perm: order }, { dtype: this.dtype, shape });
  }
  /** Elements `start` (included) to `end` (excluded) of one axis. On WebGPU only for floats. */
  slice(axis: number, start: number, end: number): Tensor {
    const at = axisOf(this.shape, axis);
    if (start < 0 || end > this.dim(at) || start >= end)
      throw new ShapeError(
        `cannot take ${start}..${end} of axis ${axis} of ${shapeText(this.shape)}`,
      );
    const bounds = [[start], [end], [at]].map((value) => this.graph.ints(value));
    const shape = withAxis(this.shape, at, end - start);
    return this.graph.op("Slice", [this, ...bounds], {}, { dtype: this.dtype, shape });
  }
  /** Cuts one axis into consecutive parts of the given sizes, which must fill it. */
  split<const Sizes extends readonly number[]>(axis: number, sizes: Sizes): Parts<Sizes> {
    const at = axisOf(this.shape, axis);
    if (sizes.reduce((a, b) => a + b, 0) !== this.dim(at))
      throw new ShapeError(
        `[${sizes.join(",")}] does not fill axis ${axis} of ${shapeText(this.shape)}`,
      );
    const outputs = sizes.map((size) => ({
      dtype: this.dtype,
      shape: withAxis(this.shape, at, size),
    }));
    const parts = this.graph.ops("Split", [this, this.graph.ints(sizes)], { axis: at }, outputs);
    return parts as Parts<Sizes>;
  }
  /** Repeats axes of size 1 up to `shape`. */
  expand(...shape: readonly number[]): Tensor {
    const target = this.graph.ints(shape);
    const result = broadcast(this.shape, shape);
    return this.graph.op("Expand", [this, target], {}, { dtype: this.dtype, shape: result });
  }

  // Lookup.
  /** Slices of `this` along `axis`, one for each element of `indices` (int32 or int64). */
  gather(indices: Tensor, axis = 0): Tensor {
    const at = axisOf(this.shape, axis);
    const shape = [...this.shape.slice(0, at), ...indices.shape, ...this.shape.slice(at + 1)];
    return this.graph.op("Gather", [this, indices], { axis: at }, { dtype: this.dtype, shape });
  }
  /**
   * A copy with `updates` written at `indices` (int64 [..., depth]). On a state this is how rings are written;
   * `updates` has shape indices.shape[:-1] + this.shape[depth:].
   */
  scatter(indices: Tensor, updates: Tensor): Tensor {
    const depth = indices.dim(-1);
    const expected = [...indices.shape.slice(0, -1), ...this.shape.slice(depth)];
    if (depth > this.rank || shapeText(expected) !== shapeText(updates.shape))
      throw new ShapeError(
        `cannot scatter ${shapeText(updates.shape)} at ${shapeText(indices.shape)} into ${shapeText(this.shape)}`,
      );
    const shape = this.shape;
    return this.graph.op("ScatterND", [this, indices, updates], {}, { dtype: this.dtype, shape });
  }

  // Reductions.
  softmax(axis = -1): Tensor {
    return this.unary("Softmax", { axis: axisOf(this.shape, axis) });
  }
  sum(axis: number, keepDims = true): Tensor {
    return this.reduce("ReduceSum", axis, keepDims);
  }
  mean(axis: number, keepDims = true): Tensor {
    return this.reduce("ReduceMean", axis, keepDims);
  }
  /** Index (int32) of the largest element along `axis`; the first one on a tie. */
  argMax(axis: number, keepDims = true): Tensor {
    return this.argReduce("ArgMax", axis, keepDims);
  }
  /** Index (int32) of the smallest element along `axis`; the first one on a tie. */
  argMin(axis: number, keepDims = true): Tensor {
    return this.argReduce("ArgMin", axis, keepDims);
  }
  /** The k largest along the last axis, in order: values, and indices (int32). Dear on WebGPU past 2048 wide. */
  topK(k: number): { values: Tensor; indices: Tensor } {
    const shape = withAxis(this.shape, -1, k);
    if (k > this.dim(-1)) throw new ShapeError(`top ${k} of ${shapeText(this.shape)}`);
    const outputs = [
      { dtype: this.dtype, shape },
      { dtype: "int64", shape },
    ] as const;
    const attributes = { axis: -1, largest: 1, sorted: 1 };
    const [values, indices] = this.graph.ops(
      "TopK",
      [this, this.graph.ints([k])],
      attributes,
      outputs,
    );
    return { values: values as Tensor, indices: narrowed(indices as Tensor, this.dim(-1)) };
  }

  private binary(op: string, other: Operand, dtype: DType = this.dtype): Tensor {
    const right = typeof other === "number" ? this.graph.scalar(this.dtype, other) : other;
    if (right.dtype !== this.dtype)
      throw new ShapeError(`${op}: ${this.dtype} meets ${right.dtype}`);
    return this.graph.op(
      op,
      [this, right],
      {},
      { dtype, shape: broadcast(this.shape, right.shape) },
    );
  }

  private unary(op: string, attributes = {}, domain = ""): Tensor {
    return this.graph.op(op, [this], attributes, { dtype: this.dtype, shape: this.shape }, domain);
  }

  private reduce(op: string, axis: number, keepDims: boolean): Tensor {
    const at = axisOf(this.shape, axis);
    const shape = keepDims ? withAxis(this.shape, at, 1) : this.shape.toSpliced(at, 1);
    const attributes = { keepdims: keepDims ? 1 : 0 };
    const inputs = [this, this.graph.ints([at])];
    return this.graph.op(op, inputs, attributes, { dtype: this.dtype, shape });
  }

  private argReduce(op: string, axis: number, keepDims: boolean): Tensor {
    const at = axisOf(this.shape, axis);
    const shape = keepDims ? withAxis(this.shape, at, 1) : this.shape.toSpliced(at, 1);
    const attributes = { axis: at, keepdims: keepDims ? 1 : 0 };
    return narrowed(this.graph.op(op, [this], attributes, { dtype: "int64", shape }), this.dim(at));
  }
}

/**
 * Indices below `count`, which operators give as int64, as int32. ONNX Runtime 1.31 has no WebGPU kernel that casts
 * from int64 outside graph capture, so that there they are looked up in a table of themselves.
 */
function narrowed(indices: Tensor, count: number): Tensor {
  return indices.graph.lowering === "webgpu"
    ? indices.graph.range(count).gather(indices)
    : indices.cast("int32");
}
