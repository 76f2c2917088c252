// The backlog policy: properties over any schedule, and simulated stalls.

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { FRAME_MS } from "../shared/frame.ts";
import { BacklogPolicy, FLUSH_FRAMES, LATE_FRAMES } from "./backlog.ts";

interface Simulated {
  readonly steps: number;
  readonly flushed: number;
  readonly played: boolean[];
  readonly waiting: number[];
  readonly notices: (string | null)[];
}

/** A loop in simulated time: mic frame i is ready at (i+1)·80 ms, step i takes `durationsMs[i]`. */
function simulate(durationsMs: readonly number[]): Simulated {
  const policy = new BacklogPolicy();
  const notices: (string | null)[] = [];
  const played: boolean[] = [];
  const waitingLog: number[] = [];
  let now = 0;
  let next = 0;
  let flushed = 0;
  let previous: number | null = null;
  for (const duration of durationsMs) {
    now = Math.max(now, (next + 1) * FRAME_MS);
    const waiting = Math.floor(now / FRAME_MS) - (next + 1);
    const verdict = policy.judge(waiting, previous);
    if (verdict.flush) {
      flushed += waiting;
      next += waiting;
    }
    next += 1;
    now += duration;
    previous = duration;
    played.push(verdict.play);
    waitingLog.push(waiting);
    if (verdict.notice !== undefined) notices.push(verdict.notice);
  }
  return {
    steps: durationsMs.length,
    flushed,
    played,
    waiting: waitingLog,
    notices,
  };
}

const steady = (frames: number, ms: number): number[] => Array.from({ length: frames }, () => ms);

describe("BacklogPolicy", () => {
  test.prop([fc.array(fc.tuple(fc.nat(60), fc.double({ min: 0, max: 500, noNaN: true })))])(
    "flushes exactly past the bound and never silences a punctual frame",
    (observations) => {
      const policy = new BacklogPolicy();
      let previous: number | null = null;
      for (const [waiting, ms] of observations) {
        const verdict = policy.judge(waiting, previous);
        expect(verdict.flush).toBe(waiting > FLUSH_FRAMES);
        if (waiting < LATE_FRAMES) expect(verdict.play).toBe(true);
        previous = ms;
      }
    },
  );

  test.prop([fc.array(fc.tuple(fc.nat(60), fc.double({ min: 0, max: 500, noNaN: true })))])(
    "announces recovery only after trouble, and once",
    (observations) => {
      const policy = new BacklogPolicy();
      let degraded = false;
      for (const [waiting, ms] of observations) {
        const { notice } = policy.judge(waiting, ms);
        if (notice === null) expect(degraded).toBe(true);
        if (notice !== undefined) degraded = notice !== null;
      }
    },
  );

  test.prop([fc.integer({ min: 5, max: 60 }), fc.integer({ min: 200, max: 1_900 })])(
    "after one stall a fast device skips playback once, in one piece, loses no step and is live again",
    (pace, stall) => {
      const run = simulate([...steady(20, pace), stall, ...steady(150, pace)]);
      expect(run.flushed).toBe(0);
      expect(run.waiting.at(-1)).toBe(0);
      expect(run.played.at(-1)).toBe(true);
      const skips = run.played.map((play, i) => (play ? -1 : i)).filter((i) => i >= 0);
      const starts = skips.filter((i) => run.played[i - 1] === true);
      if (pace <= 20) expect(starts.length).toBeLessThanOrEqual(1);
      expect(skips.every((i) => (run.waiting[i] ?? 0) >= LATE_FRAMES)).toBe(true);
    },
  );

  test("a stall of one second at a quarter of real time is unheard for what was missed, no more", () => {
    const run = simulate([...steady(20, 20), 1_000, ...steady(60, 20)]);
    const skipped = run.played.filter((play) => !play).length;
    expect(skipped).toBeGreaterThanOrEqual(10);
    expect(skipped).toBeLessThanOrEqual(17);
    expect(run.notices).toEqual([]);
  });

  test("a stall past the bound flushes, says so, and says when it is over", () => {
    const run = simulate([...steady(20, 20), 5_000, ...steady(60, 20)]);
    expect(run.flushed).toBeGreaterThan(FLUSH_FRAMES);
    expect(run.notices).toHaveLength(2);
    expect(run.notices[0]).toMatch(/fell \d+\.\d s behind/);
    expect(run.notices[1]).toBeNull();
  });

  test("a device that hardly keeps up speaks on after a stall instead of falling silent for long", () => {
    const run = simulate([...steady(20, 72), 1_000, ...steady(200, 72)]);
    expect(run.played.filter((play) => !play).length).toBeLessThan(15);
    expect(run.notices).toEqual([expect.stringContaining("72 ms"), null]);
  });

  test("a device slower than real time goes on speaking, is reported, and never reported well", () => {
    const run = simulate(steady(400, 100));
    expect(run.played.every(Boolean)).toBe(true);
    expect(run.notices.length).toBeGreaterThan(0);
    expect(run.notices).not.toContain(null);
    expect(run.flushed).toBeGreaterThan(0);
  });
});
