// Cross attention: every step attends to vectors that do not change during a session, such as voices (spec §4.1).
// Their keys and values are computed once, layer by layer, and are weights of the frame graph. Runs in the worker.

import { SottoError } from "../../shared/errors.ts";
import { attend, Graph, type HostTensor, layerNorm, type Tensor } from "../graph/index.ts";
import type { Runtime, TensorMap } from "../runtime/session.ts";
import type { ConditionValues, ConditionVectors } from "./conditions.ts";
import type { CrossCondition, LmConfig } from "./config.ts";
import { LmWeights, type TensorSource } from "./lm-weights.ts";

const LAYER_NORM_EPSILON = 1e-5;
/** Wavelengths of the position embedding grow up to this. */
const POSITION_PERIOD = 10_000;

/** What the layers attend to. */
export interface CrossMemory {
  /** The vectors, projected and with positions, [branches·positions, dim]. */
  readonly vectors: Float32Array;
  /** One a layer: [1, branches·heads, positions, headDim]. */
  readonly layers: readonly {
    readonly keys: HostTensor<"float32">;
    readonly values: HostTensor<"float32">;
  }[];
}

/**
 * x [branches, dim] → [branches, dim]: attends to every vector, the masked ones included (spec §5.9), without
 * positions of its own. `layer` counts from 0.
 */
export function crossAttention(
  x: Tensor,
  layer: number,
  memory: CrossMemory,
  { dim }: Pick<LmConfig, "dim">,
  weights: LmWeights,
): Tensor {
  const at = `transformer.layers.${layer}`;
  const sources = memory.layers[layer];
  if (sources === undefined) throw new RangeError(`Layer ${layer} has nothing to attend to.`);
  const scale = weights.vector(`${at}.norm_cross.weight`, dim);
  const bias = weights.vector(`${at}.norm_cross.bias`, dim);
  const query = layerNorm(x, scale, bias, LAYER_NORM_EPSILON).linear(
    weights.block(`${at}.cross_attention.in_proj_weight`, 0, 3, dim, dim),
  );
  const keys = x.graph.weight(`${at}.cross_attention.keys`, sources.keys);
  const values = x.graph.weight(`${at}.cross_attention.values`, sources.values);
  return attend(query.reshape(1, 1, x.dim(0) * dim), keys, values, null)
    .reshape(x.dim(0), dim)
    .linear(weights.matrix(`${at}.cross_attention.out_proj.weight`, dim, dim));
}

/**
 * Projects the vectors of each branch's conditions and computes keys and values of all layers.
 * @param branches conditions of one branch, or with guidance of two. A branch that leaves the vectors out gets the
 *   learnt padding at every position of the first.
 * @throws SottoError `bad-argument` when the first branch has no vectors, or vectors do not fit the model
 */
export async function crossMemory(
  runtime: Runtime,
  config: LmConfig,
  cross: CrossCondition,
  source: TensorSource,
  branches: readonly ConditionValues[],
): Promise<CrossMemory> {
  const given = branchVectors(cross, branches);
  const rows = given.reduce((total, { mask }) => total + mask.length, 0);
  const { vectors } = await runOnce(runtime, sourceGraph(runtime, config, cross, source, rows), {
    data: Float32Array.from(given.flatMap(({ data }) => [...data])),
    mask: Float32Array.from(given.flatMap(({ mask }) => mask.map(Number))),
    positions: Float32Array.from(
      given.flatMap(({ mask }) => [
        ...positionEmbedding(mask.length, config.dim, cross.positionScale ?? 0),
      ]),
    ),
  });
  const positions = rows / given.length;
  const layers: CrossMemory["layers"][number][] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const graph = layerGraph(runtime, config, source, layer, given.length, positions);
    const { keys, values } = await runOnce(runtime, graph, { vectors: vectors as Float32Array });
    const shape = [1, given.length * config.heads, positions, config.dim / config.heads];
    const tensor = (data: unknown) =>
      ({ dtype: "float32", shape, data: data as Float32Array<ArrayBuffer> }) as const;
    layers.push({ keys: tensor(keys), values: tensor(values) });
  }
  return { vectors: vectors as Float32Array, layers };
}

/** Sinusoids of positions 0…count−1, times `scale`: cosines, then sines, [count, dim]. */
export function positionEmbedding(count: number, dim: number, scale: number): Float32Array {
  const half = dim / 2;
  const embedding = new Float32Array(count * dim);
  for (let position = 0; position < count; position++) {
    for (let i = 0; i < half; i++) {
      const phase = position / POSITION_PERIOD ** (i / Math.max(1, half - 1));
      embedding[position * dim + i] = scale * Math.cos(phase);
      embedding[position * dim + half + i] = scale * Math.sin(phase);
    }
  }
  return embedding;
}

/** The vectors of each branch, checked against the model and each other. */
function branchVectors(
  { name, width }: CrossCondition,
  branches: readonly ConditionValues[],
): ConditionVectors[] {
  const [first] = branches;
  const reference = first?.[name];
  if (reference === undefined)
    throw badVectors(name, "are missing", "Give the model something to attend to, such as voices.");
  return branches.map((values) => {
    const own = values[name] ?? withoutVectors(reference, width);
    const needed = typeof reference === "string" ? 0 : reference.mask.length;
    if (typeof own === "string" || own.data.length !== needed * width || needed === 0)
      throw badVectors(
        name,
        "do not fit",
        `Give ${width} numbers a position, and as many positions in every branch.`,
      );
    return own;
  });
}

function withoutVectors(reference: string | ConditionVectors, width: number): ConditionVectors {
  const count = typeof reference === "string" ? 0 : reference.mask.length;
  return { data: new Float32Array(count * width), mask: Array<boolean>(count).fill(false) };
}

function badVectors(name: string, problem: string, remedy: string): SottoError {
  return new SottoError(
    "bad-argument",
    `The vectors of the condition "${name}" ${problem}.`,
    remedy,
  );
}

/** output_proj · vector, or the learnt padding where the mask is 0, plus the position embedding. */
function sourceGraph(
  { backend }: Runtime,
  { dim }: LmConfig,
  { name, width }: CrossCondition,
  source: TensorSource,
  rows: number,
): Graph {
  const at = `condition_provider.conditioners.${name}`;
  const graph = new Graph("condition-vectors", backend);
  const weights = new LmWeights(graph, source);
  const data = graph.input("data", "float32", [rows, width]);
  const mask = graph.input("mask", "float32", [rows, 1]);
  const positions = graph.input("positions", "float32", [rows, dim]);
  const padding = weights.alpha(`${at}.learnt_padding`, dim).reshape(1, dim);
  const projected = data.linear(weights.matrix(`${at}.output_proj.weight`, dim, width));
  // mask is 0 or 1, so that this picks one of the two exactly.
  const chosen = projected.mul(mask).add(padding.mul(mask.neg().add(1)));
  graph.output("vectors", chosen.add(positions));
  return graph;
}

/** Keys and values of one layer. */
function layerGraph(
  { backend }: Runtime,
  { dim, heads }: LmConfig,
  source: TensorSource,
  layer: number,
  branches: number,
  positions: number,
): Graph {
  const graph = new Graph(`cross-attention-${layer}`, backend);
  const weights = new LmWeights(graph, source);
  const vectors = graph.input("vectors", "float32", [branches * positions, dim]);
  const name = `transformer.layers.${layer}.cross_attention.in_proj_weight`;
  const project = (block: number) =>
    vectors
      .linear(weights.block(name, block, 3, dim, dim))
      .reshape(branches, positions, heads, dim / heads)
      .transpose(0, 2, 1, 3)
      .reshape(1, branches * heads, positions, dim / heads);
  graph.output("keys", project(1));
  graph.output("values", project(2));
  return graph;
}

async function runOnce(runtime: Runtime, graph: Graph, inputs: TensorMap): Promise<TensorMap> {
  const session = await runtime.createSession(graph.build());
  try {
    return await session.run(inputs);
  } finally {
    await session.dispose();
  }
}
