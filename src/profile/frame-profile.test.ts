import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { FRAME_MS } from "../shared/frame.ts";
import { chromeTrace } from "./chrome-trace.ts";
import { FrameProfile } from "./frame-profile.ts";

const ms = fc.double({ min: 0, max: 200, noNaN: true });

function report(frame: number, [encodeMs, modelMs, decodeMs]: readonly [number, number, number]) {
  const totalMs = encodeMs + modelMs + decodeMs;
  return {
    frame,
    startMs: frame * FRAME_MS,
    encodeMs,
    modelMs,
    decodeMs,
    totalMs,
    backlog: frame % 3,
  };
}

describe("FrameProfile", () => {
  test.prop([fc.array(fc.tuple(ms, ms, ms), { maxLength: 60 }), fc.integer({ min: 1, max: 20 })])(
    "keeps the last frames in order and sums up all of them",
    (frames, capacity) => {
      const profile = new FrameProfile(capacity);
      const reports = frames.map((stages, i) => report(i, stages));
      for (const each of reports) profile.record(each);

      const kept = reports.slice(-capacity);
      expect([...profile.spans()]).toEqual(
        kept.map(({ frame, startMs, totalMs, backlog, encodeMs, modelMs, decodeMs }) => ({
          frame,
          startMs,
          totalMs,
          backlog,
          stageMs: { encode: encodeMs, model: modelMs, decode: decodeMs },
        })),
      );
      const summary = profile.summary();
      const totals = reports.map(({ totalMs }) => totalMs);
      const mean = totals.reduce((a, b) => a + b, 0) / Math.max(1, totals.length);
      expect(summary.frames).toBe(reports.length);
      expect(summary.realTimeFactor).toBeCloseTo(mean / FRAME_MS, 9);
      expect(summary.misses).toBe(totals.filter((total) => total > FRAME_MS).length);
      expect(summary.stages.total.max).toBe(Math.max(0, ...totals));
    },
  );

  test("clear starts over", () => {
    const profile = new FrameProfile(4);
    for (let i = 0; i < 10; i++) profile.record(report(i, [30, 40, 50]));
    profile.clear();
    expect([...profile.spans()]).toEqual([]);
    expect(profile.summary()).toMatchObject({
      frames: 0,
      misses: 0,
      realTimeFactor: 0,
    });
    profile.record(report(0, [1, 2, 3]));
    expect(profile.summary().stages.total.p50).toBeCloseTo(6, 1);
  });
});

describe("chromeTrace", () => {
  test("nests the stages in their frame, end to end, and marks the late frame", () => {
    const profile = new FrameProfile();
    profile.record(report(0, [1, 2, 3]));
    profile.record(report(1, [10, 60, 20]));
    const trace = chromeTrace(profile.spans(), { device: "CPU" });
    const complete = trace.traceEvents.filter(({ ph }) => ph === "X");
    expect(complete.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
      ["frame 0", 0, 6_000],
      ["encode", 0, 1_000],
      ["model", 1_000, 2_000],
      ["decode", 3_000, 3_000],
      ["frame 1", 80_000, 90_000],
      ["encode", 80_000, 10_000],
      ["model", 90_000, 60_000],
      ["decode", 150_000, 20_000],
    ]);
    expect(trace.traceEvents.filter(({ name }) => name === "late").map(({ ts }) => ts)).toEqual([
      170_000,
    ]);
    expect(trace.otherData).toEqual({ device: "CPU" });
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
  });
});
