// A golden fixture: a small model, and what the PyTorch reference computed with it in fp32 (spec §11).

import { Checkpoint } from "../../src/worker/weights/checkpoint.ts";
import type { FileSource } from "../../src/worker/weights/source.ts";

export interface Fixture {
  readonly name: string;
  /** The parsed NAME.config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Checkpoint;
  readonly trace: Checkpoint;
}

/** What became of one fixture. */
export type FixtureReport =
  | {
      readonly name: string;
      readonly status: "pass" | "fail";
      readonly errors: readonly Measure[];
      readonly mismatches: readonly Mismatch[];
    }
  | { readonly name: string; readonly status: "unsupported"; readonly reason: string };

/** Largest absolute difference from the reference in one kind of output. */
export interface Measure {
  readonly what: "latent" | "PCM" | "conditions" | "logits" | "audio logits" | "state" | "heads";
  readonly largest: number;
  readonly allowed: number;
}

/** Integers that differ from the reference's; none may. */
export interface Mismatch {
  readonly what: "codes" | "tokens";
  readonly differing: number;
  readonly of: number;
}

/** Reads the three files of a fixture. Throws SottoError, or Error when one is missing. */
export async function readFixture(source: FileSource, name: string): Promise<Fixture> {
  const read = async (file: string): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await source.read(file);
    if (!bytes) throw new Error(`${source.place} has no file ${file}`);
    return bytes;
  };
  const [config, weights, trace] = await Promise.all([
    read(`${name}.config.json`),
    read(`${name}.weights.safetensors`),
    read(`${name}.trace.safetensors`),
  ]);
  return {
    name,
    config: JSON.parse(new TextDecoder().decode(config)) as Record<string, unknown>,
    weights: Checkpoint.parse(weights, `${name}.weights.safetensors`),
    trace: Checkpoint.parse(trace, `${name}.trace.safetensors`),
  };
}

/** Passes when every difference is within bounds (NaN is not) and every integer agrees. */
export function judge(
  name: string,
  errors: readonly Measure[],
  mismatches: readonly Mismatch[],
): FixtureReport {
  const good =
    errors.every(({ largest, allowed }) => largest <= allowed) &&
    mismatches.every(({ differing, of }) => differing === 0 && of > 0);
  return { name, status: good ? "pass" : "fail", errors, mismatches };
}

/** Keeps the largest difference of a stream of arrays; NaN, and a missing or extra element, count as infinite. */
export class LargestError {
  largest = 0;

  compare(got: Float32Array, expected: Float32Array): void {
    if (got.length !== expected.length) this.largest = Infinity;
    for (const [i, value] of got.entries()) {
      const difference = Math.abs(value - (expected[i] ?? NaN));
      if (!(difference <= this.largest))
        this.largest = Number.isNaN(difference) ? Infinity : difference;
    }
  }
}

/** Counts integers that differ. */
export class MismatchCount {
  differing = 0;
  of = 0;

  compare(got: ArrayLike<number>, expected: ArrayLike<number>): void {
    this.of += expected.length;
    if (got.length !== expected.length) this.differing += expected.length;
    else for (let i = 0; i < got.length; i += 1) this.differing += got[i] === expected[i] ? 0 : 1;
  }
}
