// What the frames of a session cost: the last minute frame by frame in a preallocated ring, and the whole
// session in one histogram a stage. Pure; any thread. Recording allocates nothing.

import { FRAME_MS } from "../shared/frame.ts";
import type { FrameReport } from "../shared/protocol.ts";
import { Histogram } from "./histogram.ts";

/** The stages of a frame, in the order in which they run. */
export const STAGES = ["encode", "model", "decode"] as const;
export type Stage = (typeof STAGES)[number];

/** One frame as the ring keeps it. Times in milliseconds. */
export interface FrameSpans {
  readonly frame: number;
  readonly startMs: number;
  readonly totalMs: number;
  readonly backlog: number;
  readonly stageMs: Readonly<Record<Stage, number>>;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface ProfileSummary {
  readonly frames: number;
  /** Computing time over the time of the sound: below 1 keeps up. 0 before the first frame. */
  readonly realTimeFactor: number;
  /** Frames that took longer than a frame lasts. */
  readonly misses: number;
  /** Milliseconds. */
  readonly stages: Readonly<Record<Stage | "total", Percentiles>>;
}

/** Frames kept one by one: a minute. */
const DEFAULT_CAPACITY = 750;
const COLUMNS = 4 + STAGES.length;

/** Collects frame reports. `capacity` is how many frames `spans()` can look back. */
export class FrameProfile {
  readonly #capacity: number;
  /** Row after row: frame, start, total, backlog, then one column a stage. */
  readonly #rows: Float64Array;
  readonly #histograms: Readonly<Record<Stage | "total", Histogram>> = {
    encode: new Histogram(),
    model: new Histogram(),
    decode: new Histogram(),
    total: new Histogram(),
  };
  #recorded = 0;
  #misses = 0;

  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
    this.#rows = new Float64Array(capacity * COLUMNS);
  }

  record(report: Omit<FrameReport, "text" | "ownLevel">): void {
    const row = (this.#recorded % this.#capacity) * COLUMNS;
    this.#rows[row] = report.frame;
    this.#rows[row + 1] = report.startMs;
    this.#rows[row + 2] = report.totalMs;
    this.#rows[row + 3] = report.backlog;
    this.#rows[row + 4] = report.encodeMs;
    this.#rows[row + 5] = report.modelMs;
    this.#rows[row + 6] = report.decodeMs;
    this.#histograms.encode.record(report.encodeMs);
    this.#histograms.model.record(report.modelMs);
    this.#histograms.decode.record(report.decodeMs);
    this.#histograms.total.record(report.totalMs);
    this.#recorded++;
    if (report.totalMs > FRAME_MS) this.#misses++;
  }

  /** The frames still in the ring, oldest first. */
  *spans(): Generator<FrameSpans> {
    const kept = Math.min(this.#recorded, this.#capacity);
    for (let i = this.#recorded - kept; i < this.#recorded; i++) {
      const row = (i % this.#capacity) * COLUMNS;
      const at = (column: number): number => this.#rows[row + column] ?? 0;
      yield {
        frame: at(0),
        startMs: at(1),
        totalMs: at(2),
        backlog: at(3),
        stageMs: { encode: at(4), model: at(5), decode: at(6) },
      };
    }
  }

  /** Percentiles over everything since the last `clear`. */
  summary(): ProfileSummary {
    const { encode, model, decode, total } = this.#histograms;
    return {
      frames: this.#recorded,
      realTimeFactor: total.meanMs / FRAME_MS,
      misses: this.#misses,
      stages: {
        encode: percentiles(encode),
        model: percentiles(model),
        decode: percentiles(decode),
        total: percentiles(total),
      },
    };
  }

  clear(): void {
    for (const histogram of Object.values(this.#histograms)) histogram.clear();
    this.#recorded = 0;
    this.#misses = 0;
  }
}

function percentiles(histogram: Histogram): Percentiles {
  return {
    p50: histogram.percentile(0.5),
    p95: histogram.percentile(0.95),
    p99: histogram.percentile(0.99),
    max: histogram.maxMs,
  };
}
