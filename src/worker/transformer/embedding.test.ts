import { expect, it } from "vitest";
import { columnRows } from "./embedding.ts";

// One text table of 5 rows, then two audio tables of 4, then the row of zeros.
const CONFIG = { nQ: 2, dim: 8, textCard: 4, card: 3 };
const rows = (...tokens: number[]) => {
  const column = Int32Array.from(tokens);
  columnRows(column, CONFIG);
  return [...column];
};

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
