// What it is to run an authored graph once a frame, on either back end. Contracts only.

import type { SottoError } from "../../shared/errors.ts";
import type { BuiltGraph, Lowering, TensorData } from "../graph/index.ts";

/** Tensors by name. */
export type TensorMap = Readonly<Record<string, TensorData>>;

/**
 * One graph with its weights and its persistent state. Calls to one session must not overlap; calls to different
 * sessions of a runtime may, and then run one after another in the order of the calls.
 */
export interface GraphSession {
  readonly graph: BuiltGraph;
  /**
   * Runs the graph once and moves its states on. `inputs` names every graph input, each an array of exactly the input's
   * elements, read before the promise settles. The outputs are fresh arrays that the caller owns.
   * @throws SottoError `engine-failed`, or `webgpu-lost`; the state is undefined after that, dispose the session.
   */
  run(inputs: TensorMap): Promise<TensorMap>;
  /** Sets every state back to zero. */
  reset(): Promise<void>;
  /** Frees the session, its states, and its share of the weights. Waits for a run in progress. */
  dispose(): Promise<void>;
}

/** ONNX Runtime on one device. */
export interface Runtime {
  readonly backend: Lowering;
  /** The adapter's name, or "CPU". */
  readonly device: string;
  readonly threads: number;
  /** Settles once, when the GPU device is lost; never on WASM. No session of this runtime works afterwards. */
  readonly lost: Promise<SottoError>;
  /**
   * Compiles a graph authored for this back end. Weights that several graphs share (the same array) are uploaded once.
   * With `sharing`, a session of this runtime whose graph has the same states, each updated in place, both sessions move
   * on one set of states; `sharing` owns it and must be disposed of last, and their runs must not overlap.
   * @throws SottoError `engine-failed`, `webgpu-limits` when a tensor exceeds what the GPU can bind.
   */
  createSession(graph: BuiltGraph, sharing?: GraphSession): Promise<GraphSession>;
  /** Frees the device. Sessions must have been disposed of. */
  dispose(): Promise<void>;
}
