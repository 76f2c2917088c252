import { describe, expect, test } from "vitest";

import { parseCases } from "./eval-replies-cases.ts";
import { noiseTable, repliesTable } from "./eval-replies-table.ts";

describe("parseCases", () => {
  const good = { file: "a.wav", kind: "order", expect: ["okay"], user_end_s: 1.5, voice: "f2" };

  test("reads what a case is", () => {
    const { user_end_s: userEnd, ...rest } = good;
    expect(parseCases([good])).toEqual([{ ...rest, userEnd }]);
  });

  test.each([
    [{}, /not a list/],
    [[], /not a list/],
    [[null], /case 0 has no "file"/],
    [[good, { ...good, file: "" }], /case 1 has no "file"/],
    [[{ ...good, kind: 1 }], /"kind"/],
    [[{ ...good, expect: [] }], /"expect"/],
    [[{ ...good, expect: ["a", 2] }], /"expect"/],
    [[{ ...good, user_end_s: "1" }], /"user_end_s"/],
    [[{ ...good, user_end_s: NaN }], /"user_end_s"/],
  ])("refuses %j", (json, message) => {
    expect(() => parseCases(json)).toThrow(message);
  });
});

const silent = {
  kind: "stop",
  reply: "",
  right: true,
  gapSeconds: null,
  falseStart: false,
  recognised: null,
};
const order = {
  kind: "order",
  reply: "okay",
  right: true,
  gapSeconds: 0.4,
  falseStart: false,
  recognised: true,
};

describe("tables", () => {
  test("sums up by kind and in all", () => {
    const wrong = { ...order, right: false, gapSeconds: 0.8, falseStart: true, recognised: false };
    const lines = repliesTable([order, silent, wrong]).split("\n");
    expect(lines.slice(2)).toEqual([
      "| order | 2 | 1/2 (50 %) | 1/2 (50 %) | 1 | 0.60 s | 0.80 s |",
      "| stop | 1 | 1/1 (100 %) | not run | 0 | – | – |",
      "| **all** | 3 | 2/3 (67 %) | 1/2 (50 %) | 1 | 0.60 s | 0.80 s |",
    ]);
  });

  test("says that the recogniser was not run", () => {
    expect(repliesTable([{ ...order, recognised: null }])).toContain("| not run |");
  });

  test("scales false starts to five minutes", () => {
    const lines = noiseTable([
      { file: "kitchen.wav", seconds: 60, falseStarts: 1 },
      { file: "music.wav", seconds: 540, falseStarts: 0 },
    ]).split("\n");
    expect(lines.at(-1)).toBe("| **all** | 10.0 min | 1 (0.50 in 5 minutes) |");
  });
});
