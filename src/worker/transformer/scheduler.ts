// The delay scheduler (spec §5.1): which token stands in which row of which column of the grid,
// what a step feeds, and which own frame a step completes. Pure bookkeeping; runs in the worker.

import type { LmConfig } from "./config.ts";

/** A token that no one has produced yet. It must never be fed (spec §3.1). */
const UNDEFINED = -2;

export type SchedulerConfig = Pick<LmConfig, "nQ" | "depQ" | "delays" | "textCard" | "card">;

/**
 * The grid X[row][column] of the spec, column = step. Rows: text, own codebooks, user codebooks.
 * A step is `placeUser` (all but step 0), `column`, then `complete` with what was sampled.
 * Only max(delays) + 2 columns are kept.
 */
export class Scheduler {
  readonly #config: SchedulerConfig;
  readonly #rows: number;
  readonly #width: number;
  readonly #maxDelay: number;
  /** `#rows` rings of `#width` cells. */
  readonly #grid: Int32Array;
  #step = 0;
  #userFrames = 0;

  constructor(config: SchedulerConfig) {
    this.#config = config;
    this.#rows = 1 + config.nQ;
    this.#maxDelay = Math.max(...config.delays);
    this.#width = this.#maxDelay + 2;
    this.#grid = new Int32Array(this.#rows * this.#width);
    this.reset();
  }

  /** The step that `column` feeds next. */
  get step(): number {
    return this.#step;
  }

  /** Back to step 0: row k holds its initial token in columns 0…delay(k). */
  reset(): void {
    this.#step = 0;
    this.#userFrames = 0;
    this.#grid.fill(UNDEFINED);
    for (let row = 0; row < this.#rows; row++) {
      const initial = row === 0 ? this.#config.textCard : this.#config.card;
      for (let column = 0; column <= this.#delay(row); column++) this.#set(row, column, initial);
    }
  }

  /** Codes of the next user frame f, one a user codebook q → X[1 + depQ + q][f + 1 + delay]. */
  placeUser(codes: Int32Array): void {
    const { nQ, depQ } = this.#config;
    if (codes.length !== nQ - depQ) {
      throw new RangeError(`A user frame has ${nQ - depQ} codes, got ${codes.length}.`);
    }
    const frame = this.#userFrames;
    if (frame + 1 !== this.#step) {
      throw new RangeError(
        `User frame ${frame} drives step ${frame + 1}; the next step is ${this.#step}.`,
      );
    }
    for (const [q, code] of codes.entries()) {
      const row = 1 + depQ + q;
      this.#set(row, frame + 1 + this.#delay(row), code);
    }
    this.#userFrames++;
  }

  /** Writes the column of the next step, text first, into `into` (1 + nQ tokens). */
  column(into: Int32Array): void {
    for (let row = 0; row < this.#rows; row++) {
      const token = this.#get(row, this.#step);
      if (token === UNDEFINED)
        throw new RangeError(`Step ${this.#step} has no token in row ${row}.`);
      into[row] = token;
    }
  }

  /**
   * Takes what this step sampled (text, then own codebooks) into column step + 1 and moves on.
   * A codebook keeps its initial token while step + 1 is within its delay.
   * @returns the codes of own frame step − max(delays), or null while the delay fills or without codebooks.
   */
  complete(sampled: Int32Array): Int32Array | null {
    const { depQ } = this.#config;
    if (sampled.length !== 1 + depQ) {
      throw new RangeError(`A step samples ${1 + depQ} tokens, got ${sampled.length}.`);
    }
    for (const [row, token] of sampled.entries()) {
      if (this.#step + 1 > this.#delay(row)) this.#set(row, this.#step + 1, token);
    }
    // What was fed is spent; a user code that fails to come must not be read from a lap ago.
    for (let row = 1 + depQ; row < this.#rows; row++) this.#set(row, this.#step, UNDEFINED);

    const frame = this.#step - this.#maxDelay;
    this.#step++;
    if (frame < 0 || depQ === 0) return null;
    return Int32Array.from({ length: depQ }, (_, k) =>
      this.#get(1 + k, frame + 1 + this.#delay(1 + k)),
    );
  }

  #delay(row: number): number {
    const delay = this.#config.delays[row];
    if (delay === undefined) throw new RangeError(`No delay for row ${row}.`);
    return delay;
  }

  #cell(row: number, column: number): number {
    return row * this.#width + (column % this.#width);
  }

  #get(row: number, column: number): number {
    return this.#grid[this.#cell(row, column)] ?? UNDEFINED;
  }

  #set(row: number, column: number, token: number): void {
    this.#grid[this.#cell(row, column)] = token;
  }
}
