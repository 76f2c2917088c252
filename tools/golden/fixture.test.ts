import { describe, expect, it } from "vitest";
import { judge, LargestError, MismatchCount } from "./fixture.ts";

describe("LargestError", () => {
  it("keeps the largest difference over many arrays", () => {
    const error = new LargestError();
    error.compare(Float32Array.of(1, 2), Float32Array.of(1, 2.5));
    error.compare(Float32Array.of(1), Float32Array.of(1.25));
    expect(error.largest).toBe(0.5);
  });

  it("counts NaN and missing elements as infinite, for good", () => {
    for (const [got, expected] of [
      [[NaN], [1]],
      [[1], [NaN]],
      [[], [1]],
      [[1, 2], [1]],
    ] as const) {
      const error = new LargestError();
      error.compare(Float32Array.from(got), Float32Array.from(expected));
      error.compare(Float32Array.of(1), Float32Array.of(1));
      expect(error.largest).toBe(Infinity);
    }
  });
});

describe("judge", () => {
  const measure = (largest: number) => ({ what: "logits", largest, allowed: 1e-3 }) as const;
  const mismatch = (differing: number, of: number) => ({ what: "tokens", differing, of }) as const;

  it("passes within bounds and fails on any breach", () => {
    expect(judge("x", [measure(1e-3)], [mismatch(0, 5)]).status).toBe("pass");
    expect(judge("x", [measure(1.1e-3)], [mismatch(0, 5)]).status).toBe("fail");
    expect(judge("x", [measure(NaN)], [mismatch(0, 5)]).status).toBe("fail");
    expect(judge("x", [measure(0)], [mismatch(1, 5)]).status).toBe("fail");
  });

  it("fails when nothing was compared", () => {
    expect(judge("x", [measure(0)], [mismatch(0, 0)]).status).toBe("fail");
  });
});

it("counts integers that differ, and arrays of another length as wholly different", () => {
  const count = new MismatchCount();
  count.compare([1, 2, 3], Int32Array.of(1, 0, 3));
  count.compare([1], [1, 2]);
  expect(count).toMatchObject({ differing: 3, of: 5 });
});
