import { fc, test } from "@fast-check/vitest";
import { expect, it } from "vitest";
import { columnRows, muxText, rowCount, splitText } from "./embedding.ts";

// One text table of 5 rows, then two audio tables of 4, then the row of zeros.
const CONFIG = { nQ: 2, dim: 8, textCard: 4, card: 3, demuxText: false, translates: false };
const DEMUX = { ...CONFIG, demuxText: true };
const pick = (config: typeof CONFIG, tokens: number[]) => {
  const into = new Int32Array(rowCount(config));
  columnRows(Int32Array.from(tokens), config, into);
  return [...into];
};
const rows = (...tokens: number[]) => pick(CONFIG, tokens);

it("points each row's token at its own table", () => {
  expect(rows(0, 0, 0)).toEqual([0, 5, 9]);
  expect(rows(4, 3, 3)).toEqual([4, 8, 12]);
});

it("points token −1 at the row of zeros", () => {
  expect(rows(-1, -1, 2)).toEqual([13, 13, 11]);
});

it.each([[[5, 0, 0]], [[0, 4, 0]], [[0, 0, -2]]])(
  "refuses %j: no table has such a row",
  (tokens) => {
    expect(() => rows(...tokens)).toThrow(/has the token/);
  },
);

it("feeds an end token back as padding to a model that translates", () => {
  expect(pick({ ...CONFIG, translates: true }, [2, 2, 2])).toEqual([3, 7, 11]);
  expect(rows(2, 2, 2)).toEqual([2, 7, 11]);
});

it("takes a text token apart where it can hold two", () => {
  expect(pick(DEMUX, [3, 0, -1])).toEqual([3, 5, 13, 13]);
  expect(pick(DEMUX, [muxText(3, 1, 4), 0, 0])).toEqual([3, 5, 9, 1]);
  expect(pick(DEMUX, [-1, 0, 0])).toEqual([13, 5, 9, 13]);
  expect(() => pick(DEMUX, [muxText(0, 5, 4), 0, 0])).toThrow(/has the token/);
});

test.prop([
  fc
    .integer({ min: 4, max: 46_339 })
    .chain((card) => fc.tuple(fc.constant(card), fc.nat(card), fc.integer({ min: -1, max: card }))),
])(
  "two halves come back out of the token that holds them, which is int32",
  ([card, main, second]) => {
    const token = muxText(main, second, card);
    expect(token).toBe(token | 0);
    expect(splitText(token, card)).toEqual({ main, second });
  },
);
