// The ONNX author: collects nodes, weights, inputs, states and outputs, and serialises them to a model.
// One model description, two lowerings: `lowering` decides, here only, what a weight becomes.

import type { ArrayOf, DType, HostTensor } from "./dtype.ts";
import { newArray } from "./dtype.ts";
import type { Attribute, NodeProto, ValueInfo } from "./onnx.ts";
import { serialiseModel } from "./onnx.ts";
import { sameShape, ShapeError, shapeText, sizeOf } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Where a graph is going to run. */
export type Lowering = "wasm" | "webgpu";

/** dtype and shape of a node's output. */
export interface OutputSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A tensor that lives from one run to the next. `input` is the graph input that it is fed to. */
export interface StateInfo extends OutputSpec {
  readonly name: string;
  readonly input: string;
  readonly update: StateUpdate;
}

/** How a run hands on a state. `output` is the graph output that says so. */
export type StateUpdate =
  /** `output` is the next value, in another buffer than the present one. */
  | { readonly kind: "whole"; readonly output: string }
  /** `output` is the next value and may be written over the present one: the graph only scatters into it. */
  | { readonly kind: "in-place"; readonly output: string }
  /** `output` is what the host scatters into the present value, where it fed `indices`. */
  | ({ readonly kind: "scattered"; readonly output: string } & ScatterIndices);

/** A graph input of ScatterND indices: tuples that address the first `depth` axes. */
export interface ScatterIndices {
  readonly indices: string;
  readonly depth: number;
}

/** A weight that is fed as a graph input, from a GPU buffer. */
export interface WeightInfo {
  readonly name: string;
  readonly tensor: HostTensor;
}

/** What `Graph.build` returns: the model's bytes and everything a session must feed it. */
export interface BuiltGraph {
  readonly name: string;
  readonly lowering: Lowering;
  /** ModelProto. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** Fed anew on every run. */
  readonly inputs: readonly ValueInfo[];
  /** Read back after every run. */
  readonly outputs: readonly ValueInfo[];
  readonly states: readonly StateInfo[];
  /** Empty on WASM, where weights are initialisers. */
  readonly weights: readonly WeightInfo[];
  readonly nodeCount: number;
}

export class Graph {
  readonly name: string;
  readonly lowering: Lowering;
  readonly #nodes: NodeProto[] = [];
  readonly #initialisers: { readonly name: string; readonly tensor: HostTensor }[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #states = new Map<
    string,
    { readonly tensor: Tensor; next?: Tensor; inPlace: boolean }
  >();
  readonly #weights = new Map<string, { readonly tensor: Tensor; readonly source: HostTensor }>();
  readonly #constants = new Map<string, Tensor>();
  readonly #ranges = new Map<number, Tensor>();
  readonly #stateOutputs: ValueInfo[] = [];
  readonly #names = new Set<string>();
  readonly #tensors = new Map<string, Tensor>();
  /** Edges that are graph outputs: their own name → the output's. */
  readonly #publicName = new Map<string, string>();

  constructor(name: string, lowering: Lowering) {
    this.name = name;
    this.lowering = lowering;
  }

  /** A tensor that the caller feeds on every run. */
  input(name: string, dtype: DType, shape: readonly number[]): Tensor {
    const tensor = this.#edge(name, dtype, shape);
    this.#inputs.push({ name, dtype, shape });
    return tensor;
  }

  /** Names `tensor` as something that every run hands back. */
  output(name: string, tensor: Tensor): void {
    this.#outputs.push({ name, dtype: tensor.dtype, shape: tensor.shape });
    this.#alias(name, tensor);
  }

  /**
   * A weight: an initialiser on WASM, a graph input in a GPU buffer on WebGPU. Asking twice for the same name gives
   * the same tensor. `source.data` is borrowed until the session is created.
   */
  weight(name: string, source: HostTensor): Tensor {
    const known = this.#weights.get(name);
    if (known) {
      if (known.source.data !== source.data) throw new Error(`two weights are called ${name}`);
      return known.tensor;
    }
    if (source.data.length !== sizeOf(source.shape))
      throw new ShapeError(
        `${name} has ${source.data.length} elements, not ${shapeText(source.shape)}`,
      );
    const tensor = this.#edge(name, source.dtype, source.shape);
    this.#weights.set(name, { tensor, source });
    return tensor;
  }

  /** A tensor that the session keeps between runs, zero at the start. Its next value is set with `keep`. */
  state(name: string, dtype: DType, shape: readonly number[]): Tensor {
    const tensor = this.#edge(name, dtype, shape);
    this.#states.set(name, { tensor, inPlace: false });
    return tensor;
  }

  /**
   * What `state` is in the next run. `inPlace` promises that `next` is a scatter into `state` and that every reader
   * of `state` other than the scatter reads `next` instead, so that one buffer can be both.
   */
  keep(state: Tensor, next: Tensor, { inPlace = false } = {}): void {
    const entry = this.#states.get(state.name);
    if (!entry || entry.next) throw new Error(`${state.name} is not a state without a next value`);
    if (state.dtype !== next.dtype || !sameShape(state.shape, next.shape))
      throw new ShapeError(
        `state ${state.name} ${shapeText(state.shape)} cannot become ${shapeText(next.shape)}`,
      );
    entry.next = next;
    entry.inPlace = inPlace;
  }

  /** A small constant, always an initialiser, shared when equal. */
  constant<T extends DType>(dtype: T, shape: readonly number[], data: ArrayOf[T]): Tensor {
    const key = `${dtype}${shapeText(shape)}${data.join(",")}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const tensor = this.#edge(`const_${this.#constants.size}`, dtype, shape);
    this.#constants.set(key, tensor);
    this.#initialisers.push({ name: tensor.name, tensor: { dtype, shape, data } });
    return tensor;
  }

  /** A constant int64 vector: shapes, axes, sizes. */
  ints(values: readonly number[]): Tensor {
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  /** The constant int32 vector 0 … count-1. */
  range(count: number): Tensor {
    const known = this.#ranges.get(count);
    if (known) return known;
    const values = Int32Array.from({ length: count }, (_, i) => i);
    const range = this.constant("int32", [count], values);
    this.#ranges.set(count, range);
    return range;
  }

  /** A constant of rank 0. */
  scalar(dtype: DType, value: number): Tensor {
    if (dtype === "float16") return this.scalar("float32", value).cast(dtype);
    const data = newArray(dtype, 1);
    if (data instanceof BigInt64Array) data[0] = BigInt(value);
    else data[0] = value;
    return this.constant(dtype, [], data);
  }

  /** One node with one output: the escape hatch under every operator. An absent optional input is `null`. */
  op(
    type: string,
    inputs: readonly (Tensor | null)[],
    attributes: Readonly<Record<string, Attribute>>,
    output: OutputSpec,
    domain = "",
  ): Tensor {
    return this.ops(type, inputs, attributes, [output], domain)[0] as Tensor;
  }

  /** One node with any number of outputs, whose shapes the caller declares. */
  ops(
    type: string,
    inputs: readonly (Tensor | null)[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly OutputSpec[],
    domain = "",
  ): Tensor[] {
    for (const input of inputs)
      if (input && input.graph !== this) throw new Error(`${input.name} belongs to another graph`);
    const name = `${type}_${this.#nodes.length}`;
    const results = outputs.map(({ dtype, shape }, i) => this.#edge(`${name}:${i}`, dtype, shape));
    this.#nodes.push({
      name,
      type,
      domain,
      attributes,
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs: results.map((result) => result.name),
    });
    return results;
  }

  /** Serialises the model. The graph must not be changed afterwards. */
  build(): BuiltGraph {
    const states = [...this.#states].map(([name, { tensor, next, inPlace }]): StateInfo => {
      if (!next) throw new Error(`state ${name} has no next value`);
      const { dtype, shape } = tensor;
      return { name, input: name, dtype, shape, update: this.#update(tensor, next, inPlace) };
    });
    const weights = [...this.#weights].map(([name, { source }]) => ({ name, tensor: source }));
    const asInputs = this.lowering === "webgpu" ? weights : [];
    const asInitialisers = this.lowering === "webgpu" ? [] : weights;
    const model = serialiseModel({
      name: this.name,
      nodes: this.#nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map((edge) => this.#publicName.get(edge) ?? edge),
        outputs: node.outputs.map((edge) => this.#publicName.get(edge) ?? edge),
      })),
      initialisers: [...this.#initialisers, ...asInitialisers],
      inputs: [
        ...this.#inputs,
        ...states.map(({ input, dtype, shape }) => ({ name: input, dtype, shape })),
        ...asInputs.map(({ name, tensor: { dtype, shape } }) => ({ name, dtype, shape })),
      ],
      outputs: [...this.#outputs, ...this.#stateOutputs],
    });
    return {
      name: this.name,
      lowering: this.lowering,
      model,
      inputs: this.#inputs,
      outputs: this.#outputs,
      states,
      weights: asInputs,
      nodeCount: this.#nodes.length,
    };
  }

  #edge(name: string, dtype: DType, shape: readonly number[]): Tensor {
    if (this.#names.has(name)) throw new Error(`two tensors of ${this.name} are called ${name}`);
    if (shape.some((size) => !Number.isInteger(size) || size < 0))
      throw new ShapeError(`${name} cannot have shape ${shapeText(shape)}`);
    this.#names.add(name);
    const tensor = new Tensor(this, name, dtype, shape);
    this.#tensors.set(name, tensor);
    return tensor;
  }

  /**
   * On WASM a large ring would be copied out of the heap after every run, for the few rows that are new: there the
   * rows themselves are the output, and the session writes them into the ring that it keeps.
   */
  #update(state: Tensor, next: Tensor, inPlace: boolean): StateUpdate {
    const output = `${state.name}:next`;
    const scatter = inPlace ? this.#scatterInto(state, next) : null;
    const handedOut = scatter && this.lowering === "wasm" ? scatter.updates : next;
    this.#alias(output, handedOut);
    this.#stateOutputs.push({ name: output, dtype: handedOut.dtype, shape: handedOut.shape });
    if (!inPlace) return { kind: "whole", output };
    if (this.lowering === "webgpu") return { kind: "in-place", output };
    if (!scatter) return { kind: "whole", output };
    const { indices, depth } = scatter;
    return { kind: "scattered", output, indices, depth };
  }

  /** What `next` scatters into `state`, when that is all it does and the indices are fed by the host. */
  #scatterInto(state: Tensor, next: Tensor): (ScatterIndices & { updates: Tensor }) | null {
    const node = this.#nodes.find(({ outputs }) => outputs.includes(next.name));
    const [data, indices, updates] = (node?.inputs ?? []).map((name) => this.#tensors.get(name));
    const fed = this.#inputs.some(({ name }) => name === indices?.name);
    return node?.type === "ScatterND" && data === state && fed && indices && updates
      ? { indices: indices.name, depth: indices.dim(-1), updates }
      : null;
  }

  /**
   * Gives `tensor` the public name of a graph output. The producing node's output is renamed, so that no copy is made
   * and an in-place scatter writes straight to the bound buffer; only an edge that no node produces is copied.
   */
  #alias(name: string, tensor: Tensor): void {
    if (this.#names.has(name)) throw new Error(`two tensors of ${this.name} are called ${name}`);
    this.#names.add(name);
    const produced = this.#nodes.some((node) => node.outputs.includes(tensor.name));
    if (produced && !this.#publicName.has(tensor.name)) this.#publicName.set(tensor.name, name);
    else {
      const { dtype, shape } = tensor;
      const copy = this.op("Identity", [tensor], {}, { dtype, shape });
      this.#publicName.set(copy.name, name);
    }
  }
}
