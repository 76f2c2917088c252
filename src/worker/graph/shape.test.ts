import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  axisOf,
  broadcast,
  concatShape,
  matmulShape,
  permute,
  resolveReshape,
  ShapeError,
  sizeOf,
} from "./shape.ts";

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

describe("broadcast", () => {
  test.prop([sizes, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })])(
    "is the larger shape when the other has ones or lacks axes",
    (shape, ones) => {
      const smaller = shape.map((size, axis) => (ones[axis] ? 1 : size));
      expect(broadcast(shape, smaller)).toEqual(shape);
      expect(broadcast(smaller.slice(1), shape)).toEqual(shape);
    },
  );

  it("refuses sizes that differ and are not 1", () => {
    expect(() => broadcast([2, 3], [2, 2])).toThrow(ShapeError);
  });
});

describe("resolveReshape", () => {
  test.prop([sizes, fc.nat()])("finds the size of one free axis", (shape, at) => {
    const free = shape.with(at % shape.length, -1);
    expect(resolveReshape([sizeOf(shape)], free)).toEqual(shape);
  });

  it("refuses other sizes", () => {
    expect(() => resolveReshape([4], [3])).toThrow(ShapeError);
    expect(() => resolveReshape([4], [3, -1])).toThrow(ShapeError);
    expect(() => resolveReshape([4], [-1, -1])).toThrow(ShapeError);
  });
});

describe("permute", () => {
  test.prop([sizes])("reverses", (shape) => {
    const order = shape.map((_, axis) => shape.length - 1 - axis);
    expect(permute(shape, order)).toEqual(shape.toReversed());
  });

  it("refuses what is no permutation", () => {
    expect(() => permute([2, 3], [0, 0])).toThrow(ShapeError);
    expect(() => permute([2, 3], [0])).toThrow(ShapeError);
  });
});

it("multiplies matrices and refuses inner sizes that differ", () => {
  expect(matmulShape([4, 1, 2, 3], [5, 3, 7])).toEqual([4, 5, 2, 7]);
  expect(() => matmulShape([2, 3], [2, 3])).toThrow(ShapeError);
});

it("joins along an axis and refuses other axes that differ", () => {
  expect(
    concatShape(
      [
        [1, 2, 3],
        [1, 5, 3],
      ],
      -2,
    ),
  ).toEqual([1, 7, 3]);
  expect(() =>
    concatShape(
      [
        [1, 2],
        [2, 2],
      ],
      1,
    ),
  ).toThrow(ShapeError);
});

it("counts axes from the end and refuses those outside", () => {
  expect(axisOf([1, 2, 3], -1)).toBe(2);
  expect(() => axisOf([1, 2, 3], 3)).toThrow(ShapeError);
});
