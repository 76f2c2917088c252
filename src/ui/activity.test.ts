import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { activityOf, hearLevel, SILENT, USER_THRESHOLDS, type VoiceState } from "./activity.ts";

const STEP_MS = 66;

function run(levels: readonly number[]): VoiceState[] {
  let voice = SILENT;
  return levels.map(
    (level, index) => (voice = hearLevel(voice, level, index * STEP_MS, USER_THRESHOLDS)),
  );
}

describe("hearLevel", () => {
  test("begins at once and ends after the hold time", () => {
    const voices = run([0, 0.05, 0, 0, 0, 0, 0, 0, 0, 0]);
    const audible = voices.map((voice) => voice.audible);
    // Quiet from step 2 on; 400 ms are over at step 9 (2·66 + 400 ≤ 9·66), not before.
    expect(audible).toEqual([false, true, true, true, true, true, true, true, true, false]);
  });

  test.prop([fc.array(fc.double({ min: 0.0101, max: 0.0199, noNaN: true }))])(
    "never changes inside the band",
    (levels) => {
      expect(run(levels).every((voice) => !voice.audible)).toBe(true);
      expect(run([0.5, ...levels]).every((voice) => voice.audible)).toBe(true);
    },
  );

  test.prop([fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 })])(
    "two ends of speech are never nearer than the hold time",
    (levels) => {
      const voices = run(levels);
      let lastEnd = -Infinity;
      voices.forEach((voice, index) => {
        if (voice.audible || !voices[index - 1]?.audible) return;
        expect((index - lastEnd) * STEP_MS).toBeGreaterThanOrEqual(USER_THRESHOLDS.holdMs);
        lastEnd = index;
      });
    },
  );
});

test("activityOf names the pair", () => {
  const heard: VoiceState = { audible: true, quietSinceMs: null };
  expect(activityOf(SILENT, SILENT)).toBe("listening");
  expect(activityOf(heard, SILENT)).toBe("listening");
  expect(activityOf(SILENT, heard)).toBe("speaking");
  expect(activityOf(heard, heard)).toBe("both");
});
