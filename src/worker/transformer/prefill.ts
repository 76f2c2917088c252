// Several steps of a prompt in one run (spec §5.8): all that they feed is known and nothing that they would sample is
// kept, so that only keys and values are computed, in the rings of the frame graph's session. Runs in the worker.

import type { BuiltGraph, HostTensor, Lowering } from "../graph/index.ts";
import { Graph, newArray, sizeOf, type TensorData } from "../graph/index.ts";
import type { GraphSession } from "../runtime/session.ts";
import type { ConditionValues } from "./conditions.ts";
import type { LmConfig } from "./config.ts";
import { columnRows, embedColumns, rowCount } from "./embedding.ts";
import { condition, FRAME_INPUTS } from "./frame-graph.ts";
import { LmWeights, type TensorSource } from "./lm-weights.ts";
import { Rope } from "./rope.ts";
import { EXCLUDED } from "./sampling.ts";
import { temporalTransformer } from "./temporal-graph.ts";

/** A run must hand something back: the last position's state. */
const STATE_OUTPUT = "hidden";

export interface PrefillGraphOptions {
  readonly lowering: Lowering;
  /** Steps in one run. */
  readonly positions: number;
  readonly conditions?: ConditionValues;
  /** As for the frame graph. */
  readonly stacks?: Map<string, HostTensor<"float32">>;
}

/** Whether a model's prompts can be run several steps at once; others run step by step. */
export function canPrefill(config: LmConfig): boolean {
  return config.cross === null && !config.demuxText;
}

/** @throws SottoError as `buildFrameGraph` does. Only for a model that `canPrefill`, without guidance. */
export function buildPrefillGraph(
  config: LmConfig,
  source: TensorSource,
  options: PrefillGraphOptions,
): BuiltGraph {
  const { positions, lowering, stacks } = options;
  const graph = new Graph("language-model-prefill", lowering);
  const weights = new LmWeights(graph, source, stacks);
  const { heads, kvRepeat, context, dim } = config;
  const angles = [positions, dim / heads / 2];
  const rows = graph.input(FRAME_INPUTS.rows, "int32", [positions, rowCount(config)]);
  const position = {
    cos: graph.input(FRAME_INPUTS.cos, "float32", angles),
    sin: graph.input(FRAME_INPUTS.sin, "float32", angles),
    slot: graph.input(FRAME_INPUTS.slot, "int64", [1, heads / kvRepeat, positions, 3]),
    mask: graph.input(FRAME_INPUTS.mask, "float32", [1, 1, kvRepeat * positions, context]),
  };
  const columns = condition(embedColumns(rows, config, weights), config, weights, options);
  const hidden = temporalTransformer(graph, columns, position, null, config, weights);
  graph.output(STATE_OUTPUT, hidden.slice(0, positions - 1, positions));
  return graph.build();
}

export class Prefill {
  /** Steps in one run. */
  readonly positions: number;
  readonly #config: LmConfig;
  readonly #session: GraphSession;
  readonly #rope: Rope;
  readonly #feeds: Readonly<Record<string, TensorData>>;

  /** @param session of a graph that `buildPrefillGraph` made; owned. It shares the rings of the frame graph's session. */
  constructor(session: GraphSession, config: LmConfig, positions: number) {
    this.positions = positions;
    this.#session = session;
    this.#config = config;
    this.#rope = new Rope(config.dim / config.heads, config.ropePeriod);
    this.#feeds = Object.fromEntries(
      session.graph.inputs.map(({ name, dtype, shape }) => [name, newArray(dtype, sizeOf(shape))]),
    );
  }

  /**
   * Runs steps `step` to `step + positions − 1`, of which none may fall past the ring's end.
   * @param columns one column of 1 + nQ tokens a step
   */
  async run(step: number, columns: readonly Int32Array[]): Promise<void> {
    const { context, kvRepeat } = this.#config;
    const { positions } = this;
    if (columns.length !== positions || step + positions > context)
      throw new RangeError(`Steps ${step} to ${step + columns.length - 1} do not fit one run.`);
    const feed = (name: keyof typeof FRAME_INPUTS) => this.#feeds[FRAME_INPUTS[name]];
    const rows = feed("rows") as Int32Array;
    const width = rowCount(this.#config);
    const [cos, sin] = [feed("cos") as Float32Array, feed("sin") as Float32Array];
    const half = cos.length / positions;
    const slot = feed("slot") as BigInt64Array;
    const mask = (feed("mask") as Float32Array).fill(EXCLUDED);
    for (const [i, column] of columns.entries()) {
      columnRows(column, this.#config, rows.subarray(i * width, (i + 1) * width));
      const angles = [i * half, (i + 1) * half] as const;
      this.#rope.fill(step + i, cos.subarray(...angles), sin.subarray(...angles));
      for (let repeat = 0; repeat < kvRepeat; repeat++) {
        const row = (repeat * positions + i) * context;
        mask.fill(0, row, row + step + i + 1);
      }
    }
    for (let at = 0; at < slot.length; at += 3) {
      const index = at / 3;
      slot[at + 1] = BigInt(Math.floor(index / positions));
      slot[at + 2] = BigInt(step + (index % positions));
    }
    await this.#session.run(this.#feeds);
  }

  async dispose(): Promise<void> {
    await this.#session.dispose();
  }
}
