// Runs a graph on ONNX Runtime's WebGPU back end. Inputs, outputs, states and weights are GPU buffers of ours, bound
// with static shapes; a frame is one upload for each input, one run, and one readback. Browser worker.

import type { InferenceSession, Tensor } from "onnxruntime-web";
import { SottoError } from "../../shared/errors.ts";
import type { BuiltGraph, DType, TensorData } from "../graph/index.ts";
import { newArray, sizeOf } from "../graph/index.ts";
import type { Gpu } from "./device.ts";
import { checkInputs, checkSharedStates, engineFailed } from "./feeds.ts";
import type { WeightBuffers } from "./gpu-buffers.ts";
import { bufferBytes, createTensorBuffer, upload, USAGE } from "./gpu-buffers.ts";
import type { Ort } from "./ort.ts";
import type { GraphSession, TensorMap } from "./session.ts";
import type { Turnstile } from "./turnstile.ts";

/** GPUMapMode.READ. */
const MAP_READ = 1;

export interface WebGpuContext {
  readonly ort: Ort;
  readonly gpu: Gpu;
  readonly weights: WeightBuffers;
  readonly turnstile: Turnstile;
}

export async function createWebGpuSession(
  context: WebGpuContext,
  graph: BuiltGraph,
  sharing?: GraphSession,
): Promise<GraphSession> {
  if (sharing) checkSharedStates(graph, sharing.graph);
  const { ort, gpu, turnstile } = context;
  const session = await turnstile
    .pass(() =>
      ort.InferenceSession.create(graph.model, {
        // NCHW: a 1-D convolution is 2 dispatches, against 4 with the default layout's transpositions.
        executionProviders: [{ name: "webgpu", device: gpu.device, preferredLayout: "NCHW" }],
        preferredOutputLocation: "gpu-buffer",
        // A node without a GPU kernel would silently run on the CPU, with two waits for the GPU around it.
        extra: { session: { disable_cpu_ep_fallback: "1" } },
      }),
    )
    .catch(async (cause: unknown) => {
      throw (
        (await gpu.firstErrorSoon()) ??
        engineFailed(`The ${graph.name} graph could not be compiled.`, cause)
      );
    });
  return new WebGpuSession(context, graph, session, sharing);
}

class WebGpuSession implements GraphSession {
  readonly graph: BuiltGraph;
  readonly #context: WebGpuContext;
  readonly #session: InferenceSession;
  readonly #feeds: Record<string, Tensor> = {};
  readonly #fetches: Record<string, Tensor> = {};
  readonly #owned: GPUBuffer[] = [];
  /** One buffer that all outputs are copied into, so that a frame is read back at once. */
  readonly #staging: GPUBuffer;
  #disposed = false;
  /** Running a session again after a failed run hangs the thread (measured on ONNX Runtime 1.31 after device loss). */
  #failure: SottoError | null = null;

  constructor(
    context: WebGpuContext,
    graph: BuiltGraph,
    session: InferenceSession,
    sharing: GraphSession | undefined,
  ) {
    this.#context = context;
    this.#session = session;
    this.graph = graph;
    for (const { name, dtype, shape } of graph.inputs)
      this.#feeds[name] = this.#tensor(name, dtype, shape);
    for (const { name, dtype, shape } of graph.outputs)
      this.#fetches[name] = this.#tensor(name, dtype, shape);
    for (const { input, update, dtype, shape } of graph.states) {
      const { kind, output } = update;
      const shared = sharing instanceof WebGpuSession ? sharing.#feeds[input] : undefined;
      const current = shared ?? this.#tensor(input, dtype, shape);
      this.#feeds[input] = current;
      this.#fetches[output] = kind === "in-place" ? current : this.#tensor(output, dtype, shape);
    }
    for (const { name, tensor } of graph.weights)
      this.#feeds[name] = this.#wrap(
        context.weights.acquire(name, tensor),
        tensor.dtype,
        tensor.shape,
      );
    this.#staging = context.gpu.device.createBuffer({
      label: `${graph.name} readback`,
      size: graph.outputs.reduce((total, { dtype, shape }) => total + bufferBytes(dtype, shape), 0),
      usage: USAGE.mapRead | USAGE.copyTarget,
    });
  }

  async run(inputs: TensorMap): Promise<TensorMap> {
    this.#checkAlive();
    checkInputs(this.graph, inputs);
    const { gpu, turnstile } = this.#context;
    for (const { name } of this.graph.inputs)
      upload(gpu.device, (this.#feeds[name] as Tensor).gpuBuffer, inputs[name] as TensorData);
    try {
      await turnstile.pass(() => this.#session.run(this.#feeds, this.#fetches));
      this.#swapStates();
      const outputs = await this.#readBack();
      this.#checkAlive();
      return outputs;
    } catch (cause) {
      const what = `The ${this.graph.name} graph failed on the GPU.`;
      this.#failure = (await gpu.firstErrorSoon()) ?? engineFailed(what, cause);
      throw this.#failure;
    }
  }

  async reset(): Promise<void> {
    this.#checkAlive();
    const { device } = this.#context.gpu;
    const encoder = device.createCommandEncoder();
    for (const { input } of this.graph.states)
      encoder.clearBuffer((this.#feeds[input] as Tensor).gpuBuffer);
    device.queue.submit([encoder.finish()]);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#context.turnstile.pass(() => this.#session.release());
    for (const buffer of [...this.#owned, this.#staging]) buffer.destroy();
    for (const { tensor } of this.graph.weights) this.#context.weights.release(tensor);
  }

  /** What a run has written becomes what the next one reads. */
  #swapStates(): void {
    for (const { input, update } of this.graph.states) {
      if (update.kind === "in-place") continue;
      const { output } = update;
      const written = this.#fetches[output] as Tensor;
      this.#fetches[output] = this.#feeds[input] as Tensor;
      this.#feeds[input] = written;
    }
  }

  async #readBack(): Promise<TensorMap> {
    const { device } = this.#context.gpu;
    const encoder = device.createCommandEncoder();
    let offset = 0;
    for (const { name, dtype, shape } of this.graph.outputs) {
      const size = bufferBytes(dtype, shape);
      const source = (this.#fetches[name] as Tensor).gpuBuffer;
      encoder.copyBufferToBuffer(source, 0, this.#staging, offset, size);
      offset += size;
    }
    device.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(MAP_READ);
    const mapped = new Uint8Array(this.#staging.getMappedRange());
    const outputs: Record<string, TensorData> = {};
    offset = 0;
    for (const { name, dtype, shape } of this.graph.outputs) {
      const data = newArray(dtype, sizeOf(shape));
      const bytes = new Uint8Array(data.buffer);
      bytes.set(mapped.subarray(offset, offset + bytes.length));
      outputs[name] = data;
      offset += bufferBytes(dtype, shape);
    }
    this.#staging.unmap();
    return outputs;
  }

  #tensor(label: string, dtype: DType, shape: readonly number[]): Tensor {
    const buffer = createTensorBuffer(this.#context.gpu.device, label, dtype, shape);
    this.#owned.push(buffer);
    return this.#wrap(buffer, dtype, shape);
  }

  #wrap(buffer: GPUBuffer, dataType: DType, shape: readonly number[]): Tensor {
    return this.#context.ort.Tensor.fromGpuBuffer(buffer, { dataType, dims: [...shape] });
  }

  #checkAlive(): void {
    const error = this.#failure ?? this.#context.gpu.firstError();
    if (error) throw error;
    if (this.#disposed)
      throw new SottoError(
        "engine-failed",
        `The ${this.graph.name} session was disposed of.`,
        "Load the model again.",
      );
  }
}
