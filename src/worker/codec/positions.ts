// Where a codec transformer stands in its stream: ring slots, visible keys and rotary angles of one frame (spec §2).
// Pure; runs in the worker, on the host side of the graphs.

import { Rope } from "../transformer/rope.ts";
import type { TensorMap } from "../runtime/session.ts";
import type { MimiConfig } from "./mimi-config.ts";

/** Added to the score of a key that a query must not see; softmax makes it an exact zero. */
export const HIDDEN = -1e30;

/** Counts the positions of one stream and yields what the graph needs for the next frame's. */
export class CodecPositions {
  readonly #heads: number;
  readonly #positions: number;
  readonly #context: number;
  readonly #rope: Rope;
  readonly #halfHead: number;
  /** First position of the next frame; grows without bound. */
  #next = 0;

  constructor({ dimension, positions, transformer }: MimiConfig) {
    this.#heads = transformer.heads;
    this.#positions = positions;
    this.#context = transformer.context;
    this.#halfHead = dimension / transformer.heads / 2;
    this.#rope = new Rope(2 * this.#halfHead, transformer.maxPeriod);
  }

  /** The inputs `cos`, `sin`, `slots` and `visible` of the next frame, and moves on. The arrays are fresh. */
  advance(): TensorMap {
    const first = this.#next;
    this.#next += this.#positions;
    const cos = new Float32Array(this.#positions * this.#halfHead);
    const sin = new Float32Array(cos.length);
    for (let t = 0; t < this.#positions; t += 1) {
      const row = [t * this.#halfHead, (t + 1) * this.#halfHead] as const;
      this.#rope.fill(first + t, cos.subarray(...row), sin.subarray(...row));
    }
    return {
      cos,
      sin,
      slots: ringSlots(this.#heads, first, this.#positions, this.#context),
      visible: ringVisibility(first, this.#positions, this.#context),
    };
  }

  reset(): void {
    this.#next = 0;
  }
}

/** ScatterND indices [1, heads, count, 3] of positions first … first+count-1 in a ring [1, heads, context, headDim]. */
export function ringSlots(
  heads: number,
  first: number,
  count: number,
  context: number,
): BigInt64Array {
  const slots = new BigInt64Array(heads * count * 3);
  for (let i = 0; i < heads * count; i += 1) {
    slots[3 * i + 1] = BigInt(Math.floor(i / count));
    slots[3 * i + 2] = BigInt((first + (i % count)) % context);
  }
  return slots;
}

/**
 * Score bias [1, 1, count, context]: 0 where a query sees a slot, HIDDEN elsewhere. All of a frame's keys are written
 * before any of its queries look, so its earlier queries have lost the oldest keys (spec §2: 249 and 250).
 */
export function ringVisibility(first: number, count: number, context: number): Float32Array {
  const bias = new Float32Array(count * context).fill(HIDDEN);
  const last = first + count - 1;
  for (let t = 0; t < count; t += 1)
    for (let position = Math.max(0, last - context + 1); position <= first + t; position += 1)
      bias[t * context + (position % context)] = 0;
  return bias;
}
