import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { SAMPLE_RATE } from "../src/shared/frame.ts";
import {
  countFalseStarts,
  isAccepted,
  median,
  normaliseText,
  scoreReply,
  speechStretches,
} from "./eval-replies-score.ts";

/** Ten seconds of faint noise floor with loud stretches. */
function recording(...stretches: readonly (readonly [start: number, end: number])[]): Float32Array {
  return Float32Array.from({ length: 10 * SAMPLE_RATE }, (_, i) => {
    const at = i / SAMPLE_RATE;
    const loud = stretches.some(([start, end]) => at >= start && at < end);
    return (loud ? 0.2 : 0.001) * Math.sin(i / 5);
  });
}

const at = (seconds: number, piece: string) => ({ seconds, piece });

describe("text", () => {
  test.each([
    ["A large latte, coming up.", "a large latte coming up"],
    ["  you’re   welcome! ", "you're welcome"],
    ["", ""],
    ["...", ""],
  ])("%j is %j", (text, normalised) => expect(normaliseText(text)).toBe(normalised));

  test.prop([fc.string()])("normalising twice changes nothing more", (text) => {
    expect(normaliseText(normaliseText(text))).toBe(normaliseText(text));
  });

  test("accepts any of the replies, not a part of one", () => {
    const accepted = ["a large latte, coming up.", "coming right up"];
    expect(isAccepted("A large latte coming up", accepted)).toBe(true);
    expect(isAccepted("Coming right up!", accepted)).toBe(true);
    expect(isAccepted("a large latte", accepted)).toBe(false);
    expect(isAccepted("", accepted)).toBe(false);
  });
});

describe("speechStretches", () => {
  test("finds speech to 20 ms, joins short gaps, ignores clicks and the noise floor", () => {
    const found = speechStretches(recording([1, 2], [2.3, 3], [5, 5.04], [7, 8]));
    expect(found).toHaveLength(2);
    expect(found[0]?.start).toBeCloseTo(1, 1);
    expect(found[0]?.end).toBeCloseTo(3, 1);
    expect(found[1]?.start).toBeCloseTo(7, 1);
    expect(speechStretches(recording())).toEqual([]);
    expect(speechStretches(new Float32Array(0))).toEqual([]);
  });

  test("ends a stretch that lasts to the end", () => {
    expect(speechStretches(recording([9, 10]))).toEqual([
      { start: expect.closeTo(9, 1), end: expect.closeTo(10, 1) },
    ]);
  });

  test.prop([fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { maxLength: 5_000 })])(
    "gives ordered stretches inside the recording",
    (samples) => {
      let end = 0;
      for (const stretch of speechStretches(Float32Array.from(samples))) {
        expect(stretch.start).toBeGreaterThanOrEqual(end);
        expect(stretch.end).toBeGreaterThan(stretch.start);
        end = stretch.end;
      }
      expect(end).toBeLessThanOrEqual(samples.length / SAMPLE_RATE);
    },
  );
});

describe("scoreReply", () => {
  const accepted = ["a large latte, coming up."];
  const text = [
    at(3.2, " a"),
    at(3.4, " large"),
    at(3.6, " latte"),
    at(3.7, ","),
    at(4, " coming"),
    at(4.1, " up"),
    at(4.2, "."),
  ];

  test("a right reply, and its gap", () => {
    expect(scoreReply(text, recording([3.5, 5]), 3, accepted)).toEqual({
      reply: "a large latte, coming up.",
      right: true,
      gapSeconds: expect.closeTo(0.5, 1),
      falseStart: false,
    });
  });

  test("what comes before the user's end is a false start and no part of the reply", () => {
    const early = scoreReply([at(1, " okay"), ...text], recording([1, 1.5], [3.5, 5]), 3, accepted);
    expect(early).toMatchObject({
      right: true,
      falseStart: true,
      gapSeconds: expect.closeTo(0.5, 1),
    });
    expect(scoreReply([at(1, " okay"), ...text], recording([3.5, 5]), 3, accepted).falseStart).toBe(
      true,
    );
  });

  test("no answer is wrong and has no gap", () => {
    expect(scoreReply([], recording(), 3, accepted)).toEqual({
      reply: "",
      right: false,
      gapSeconds: null,
      falseStart: false,
    });
  });
});

describe("countFalseStarts", () => {
  test("counts an utterance once, by its sound or by its text", () => {
    expect(countFalseStarts([], recording())).toBe(0);
    expect(countFalseStarts([at(1.1, " okay"), at(1.3, ".")], recording([1.2, 2]))).toBe(1);
    expect(countFalseStarts([], recording([1, 2], [2.5, 3], [6, 7]))).toBe(2);
    expect(
      countFalseStarts([at(8, " sorry"), at(8.4, ","), at(9.8, " okay")], recording([1, 2])),
    ).toBe(3);
  });
});

test.prop([fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 })])(
  "half of the values lie on either side of the median",
  (values) => {
    const middle = median(values) ?? NaN;
    expect(values.filter((value) => value < middle).length * 2).toBeLessThanOrEqual(values.length);
    expect(values.filter((value) => value > middle).length * 2).toBeLessThanOrEqual(values.length);
  },
);

test("no values have no median", () => {
  expect(median([])).toBeNull();
});
