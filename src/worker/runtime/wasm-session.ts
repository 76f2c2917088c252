// Runs a graph on ONNX Runtime's WASM back end, in a browser worker or in Node. Weights are in the model; states are
// host tensors that travel through every run, since the public API copies inputs in and outputs out.

import type { InferenceSession, Tensor } from "onnxruntime-web";
import { SottoError } from "../../shared/errors.ts";
import type { BuiltGraph, StateInfo, TensorData } from "../graph/index.ts";
import { newArray, sizeOf } from "../graph/index.ts";
import { scatter } from "./scatter.ts";
import { checkInputs, checkSharedStates, engineFailed } from "./feeds.ts";
import type { Ort } from "./ort.ts";
import type { GraphSession, TensorMap } from "./session.ts";
import type { Turnstile } from "./turnstile.ts";

/** Threads that wait sleep instead of spinning: with one core taken by something else, a spinning one starves the rest. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["wasm"],
  extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
};

export async function createWasmSession(
  ort: Ort,
  turnstile: Turnstile,
  graph: BuiltGraph,
  sharing?: GraphSession,
): Promise<GraphSession> {
  if (sharing) checkSharedStates(graph, sharing.graph);
  const session = await turnstile
    .pass(() => ort.InferenceSession.create(graph.model, SESSION_OPTIONS))
    .catch((cause: unknown) => {
      throw engineFailed(`The ${graph.name} graph could not be compiled.`, cause);
    });
  return new WasmSession(ort, turnstile, graph, session, sharing);
}

class WasmSession implements GraphSession {
  readonly graph: BuiltGraph;
  readonly #ort: Ort;
  readonly #turnstile: Turnstile;
  readonly #session: InferenceSession;
  /** This session's, or those of the session that it shares them with. */
  readonly #states: Map<string, Tensor>;
  readonly #ownsStates: boolean;
  #disposed = false;

  constructor(
    ort: Ort,
    turnstile: Turnstile,
    graph: BuiltGraph,
    session: InferenceSession,
    sharing: GraphSession | undefined,
  ) {
    this.#ort = ort;
    this.#turnstile = turnstile;
    this.#session = session;
    this.graph = graph;
    this.#ownsStates = !(sharing instanceof WasmSession);
    this.#states = sharing instanceof WasmSession ? sharing.#states : new Map();
    if (this.#ownsStates) this.#zeroStates();
  }

  async run(inputs: TensorMap): Promise<TensorMap> {
    if (this.#disposed)
      throw new SottoError(
        "engine-failed",
        `The ${this.graph.name} session was disposed of.`,
        "Load the model again.",
      );
    checkInputs(this.graph, inputs);
    const feeds: Record<string, Tensor> = Object.fromEntries(this.#states);
    for (const { name, dtype, shape } of this.graph.inputs)
      feeds[name] = new this.#ort.Tensor(dtype, inputs[name] as TensorData, shape);
    const results = await this.#turnstile
      .pass(() => this.#session.run(feeds))
      .catch((cause: unknown) => {
        throw engineFailed(`The ${this.graph.name} graph failed on the CPU.`, cause);
      });
    for (const state of this.graph.states) this.#moveOn(state, results, inputs);
    return Object.fromEntries(
      this.graph.outputs.map(({ name }) => [name, (results[name] as Tensor).data as TensorData]),
    );
  }

  async reset(): Promise<void> {
    this.#zeroStates();
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#ownsStates) this.#states.clear();
    await this.#turnstile.pass(() => this.#session.release());
  }

  #moveOn(
    { input, update, shape }: StateInfo,
    results: InferenceSession.OnnxValueMapType,
    inputs: TensorMap,
  ): void {
    const result = results[update.output] as Tensor;
    if (update.kind !== "scattered") this.#states.set(input, result);
    else
      scatter(
        (this.#states.get(input) as Tensor).data as TensorData,
        shape,
        inputs[update.indices] as BigInt64Array,
        update.depth,
        result.data as TensorData,
      );
  }

  #zeroStates(): void {
    for (const { input, dtype, shape } of this.graph.states)
      this.#states.set(input, new this.#ort.Tensor(dtype, newArray(dtype, sizeOf(shape)), shape));
  }
}
