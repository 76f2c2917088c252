import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { Histogram } from "./histogram.ts";

const duration = fc.double({ min: 0, max: 100_000, noNaN: true });
const durations = fc.array(duration, { minLength: 1, maxLength: 200 });

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("Histogram", () => {
  test.prop([durations, fc.double({ min: 0, max: 1, noNaN: true })])(
    "percentiles are within 3.2 % (or a microsecond) above the exact one",
    (values, q) => {
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? NaN;
      const estimate = filled(values).percentile(q);
      expect(estimate).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(estimate).toBeLessThanOrEqual(Math.max(exact * 1.032, exact + 0.0011));
    },
  );

  test.prop([durations])("count, maximum and mean are exact", (values) => {
    const histogram = filled(values);
    expect(histogram.count).toBe(values.length);
    expect(histogram.maxMs).toBe(Math.max(...values));
    expect(histogram.percentile(1)).toBe(Math.max(...values));
    expect(histogram.meanMs).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 6);
  });

  test.prop([durations, durations])("merging equals recording everything in one", (left, right) => {
    const merged = filled(left);
    merged.merge(filled(right));
    const whole = filled([...left, ...right]);
    for (const q of [0, 0.5, 0.95, 0.99, 1]) expect(merged.percentile(q)).toBe(whole.percentile(q));
    expect(merged.count).toBe(whole.count);
  });

  test("is empty at first and after clear, and beyond its range keeps the maximum", () => {
    const histogram = filled([10, 1e9]);
    expect(histogram.percentile(0.99)).toBe(1e9);
    histogram.clear();
    for (const empty of [histogram, new Histogram()]) {
      expect([empty.count, empty.maxMs, empty.meanMs, empty.percentile(0.5)]).toEqual([0, 0, 0, 0]);
    }
  });

  test.prop([fc.constantFrom(-1, NaN, Infinity, -Infinity)])(
    "refuses what is no duration",
    (value) => {
      expect(() => new Histogram().record(value)).toThrow(RangeError);
    },
  );
});
