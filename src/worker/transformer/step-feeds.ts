// What the host writes for one step: embedding rows, position, ring slot and sampling noise, in arrays that
// are made once and written in place every 80 ms. Runs in the worker.

import type { SessionSettings } from "../../shared/protocol.ts";
import type { BuiltGraph, TensorData } from "../graph/index.ts";
import { newArray, sizeOf } from "../graph/index.ts";
import type { LmConfig } from "./config.ts";
import { columnRows } from "./embedding.ts";
import { FRAME_INPUTS, NOT_FORCED } from "./frame-graph.ts";
import { Random } from "./random.ts";
import { Rope } from "./rope.ts";
import { EXCLUDED, fillNoise } from "./sampling.ts";

/** Inputs of a frame graph, step after step. A session's run must be over before the next `fill`. */
export class StepFeeds {
  /** By input name; the same arrays on every step. */
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly #config: LmConfig;
  readonly #rope: Rope;
  readonly #random = new Random(0);
  readonly #column: Int32Array;
  readonly #rows: Int32Array;
  readonly #cos: Float32Array;
  readonly #sin: Float32Array;
  readonly #slot: BigInt64Array;
  readonly #mask: Float32Array;
  readonly #textNoise: Float32Array;
  /** One row a codebook; empty without own codebooks. */
  readonly #audioNoise: Float32Array;
  readonly #forced: Int32Array;
  readonly #onWord: Int32Array;

  constructor(graph: BuiltGraph, config: LmConfig) {
    this.#config = config;
    this.#rope = new Rope(config.dim / config.heads, config.ropePeriod);
    this.#column = new Int32Array(1 + config.nQ);
    const tensors: Record<string, TensorData> = {};
    const make = <T extends "float32" | "int32" | "int64">(name: string, dtype: T) => {
      const info = graph.inputs.find((input) => input.name === name);
      const data = newArray(dtype, info ? sizeOf(info.shape) : 0);
      if (info) tensors[name] = data;
      return data;
    };
    this.#rows = make(FRAME_INPUTS.rows, "int32");
    this.#cos = make(FRAME_INPUTS.cos, "float32");
    this.#sin = make(FRAME_INPUTS.sin, "float32");
    this.#slot = make(FRAME_INPUTS.slot, "int64");
    this.#mask = make(FRAME_INPUTS.mask, "float32");
    this.#textNoise = make(FRAME_INPUTS.textNoise, "float32");
    this.#audioNoise = make(FRAME_INPUTS.audioNoise, "float32");
    this.#forced = make(FRAME_INPUTS.forced, "int32");
    this.#onWord = make(FRAME_INPUTS.onWord, "int32");
    this.tensors = tensors;
    // (batch, head, slot): the slot is the only part that changes.
    for (let head = 0; head < this.#slot.length / 3; head++)
      this.#slot[head * 3 + 1] = BigInt(head);
    this.reset(0);
  }

  /** Most candidates that the graph keeps when it samples text, and audio. */
  get candidates(): { readonly text: number; readonly audio: number } {
    return {
      text: this.#textNoise.length,
      audio: this.#audioNoise.length / this.#config.depQ || 0,
    };
  }

  /** Whether the graph takes forced tokens. */
  get forcing(): boolean {
    return this.#forced.length > 0;
  }

  /** Back to step 0: a ring of which nothing is visible, and the random sequence of `seed`. */
  reset(seed: number): void {
    this.#mask.fill(EXCLUDED);
    this.#random.seed(seed);
  }

  /**
   * Writes the inputs of step `step`, which must follow the last one.
   * @param writeColumn writes the step's column of tokens, 1 + nQ of them
   * @param forced tokens to take instead of sampling: text, then own codebooks; NOT_FORCED for the others
   * @param onWord text token to take in place of the forced one when WORD is sampled, or NOT_FORCED
   */
  fill(
    step: number,
    writeColumn: (into: Int32Array) => void,
    settings: SessionSettings,
    forced?: Int32Array,
    onWord: number = NOT_FORCED,
  ): void {
    writeColumn(this.#column);
    columnRows(this.#column, this.#config, this.#rows);
    this.#rope.fill(step, this.#cos, this.#sin);
    this.#fillRing(step);

    this.#drawNoise(settings);
    if (forced === undefined) this.#forced.fill(NOT_FORCED);
    else this.#forced.set(forced);
    this.#onWord.fill(onWord);
  }

  /** Moves on past step `step`, whose key the ring holds already: as `fill`, for a step that is not run. */
  skip(step: number, settings: SessionSettings): void {
    this.#fillRing(step);
    this.#drawNoise(settings);
  }

  #drawNoise(settings: SessionSettings): void {
    const text = { temperature: settings.textTemperature, topK: settings.textTopK };
    const audio = { temperature: settings.audioTemperature, topK: settings.audioTopK };
    fillNoise(this.#textNoise, text, this.#random);
    const { audio: width } = this.candidates;
    for (let k = 0; k < this.#config.depQ; k++) {
      fillNoise(this.#audioNoise.subarray(k * width, (k + 1) * width), audio, this.#random);
    }
  }

  /** Points at the step's slot, and shows it to attention from now on. Once full, every slot holds a key (§10.9). */
  #fillRing(step: number): void {
    const { context, kvRepeat } = this.#config;
    const slot = step % context;
    for (let i = 2; i < this.#slot.length; i += 3) this.#slot[i] = BigInt(slot);
    for (let row = 0; row < kvRepeat; row++) this.#mask[row * context + slot] = 0;
  }
}
