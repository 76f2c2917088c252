import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { sizeOf } from "../graph/index.ts";
import { scatter } from "./scatter.ts";

/** A shape, how many of its axes are addressed, and tuples of valid positions on them. */
const places = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  .chain((shape) =>
    fc.record({ shape: fc.constant(shape), depth: fc.integer({ min: 1, max: shape.length }) }),
  )
  .chain(({ shape, depth }) =>
    fc.record({
      shape: fc.constant(shape),
      depth: fc.constant(depth),
      tuples: fc.array(fc.tuple(...shape.slice(0, depth).map((size) => fc.nat(size - 1)))),
    }),
  );

test.prop([places])(
  "writes each slice to its place and nothing else",
  ({ shape, depth, tuples }) => {
    const slice = sizeOf(shape.slice(depth));
    const updates = Float32Array.from({ length: tuples.length * slice }, (_, i) => i + 1);
    const expected = new Float32Array(sizeOf(shape)).fill(-1);
    for (const [row, tuple] of tuples.entries())
      for (let i = 0; i < slice; i += 1) {
        // The flat place of [...tuple, i], axis by axis.
        const strides = shape.slice(0, depth).map((_, axis) => sizeOf(shape.slice(axis + 1)));
        const start = tuple.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0);
        expected[start + i] = updates[row * slice + i] ?? NaN;
      }
    const target = new Float32Array(sizeOf(shape)).fill(-1);
    scatter(target, shape, BigInt64Array.from(tuples.flat(), BigInt), depth, updates);
    expect(target).toEqual(expected);
  },
);
