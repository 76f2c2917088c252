import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { EMPTY_METER, formatBytes, loadedShare, meterProgress } from "./load-meter.ts";

describe("meterProgress", () => {
  test("sums the files and measures the rate of the last two seconds", () => {
    let meter = meterProgress(EMPTY_METER, { file: "a", loadedBytes: 0, totalBytes: 900 }, 0);
    expect(meter.bytesPerSecond).toBeNull();
    meter = meterProgress(meter, { file: "b", loadedBytes: 100, totalBytes: 100 }, 500);
    meter = meterProgress(meter, { file: "a", loadedBytes: 400, totalBytes: 900 }, 1_000);
    expect(meter.files.map((file) => file.loadedBytes)).toEqual([400, 100]);
    expect(meter.bytesPerSecond).toBe(500);
    expect(loadedShare(meter)).toBe(0.5);
  });

  test("follows a restart of a file without a negative rate", () => {
    let meter = meterProgress(EMPTY_METER, { file: "a", loadedBytes: 800, totalBytes: 900 }, 0);
    meter = meterProgress(meter, { file: "a", loadedBytes: 0, totalBytes: 900 }, 1_000);
    expect(meter.bytesPerSecond).toBe(0);
  });

  test.prop([
    fc.array(
      fc.record({
        file: fc.constantFrom("a", "b", "c"),
        bytes: fc.nat(1_000),
        gapMs: fc.nat(900),
      }),
    ),
  ])("keeps the share within 0…1 and the window bounded", (reports) => {
    let meter = EMPTY_METER;
    let atMs = 0;
    for (const { file, bytes, gapMs } of reports) {
      atMs += gapMs;
      meter = meterProgress(meter, { file, loadedBytes: bytes, totalBytes: 1_000 }, atMs);
      expect(loadedShare(meter)).toBeGreaterThanOrEqual(0);
      expect(loadedShare(meter)).toBeLessThanOrEqual(1);
      expect(meter.samples.every((sample) => atMs - sample.atMs <= 2_000)).toBe(true);
    }
  });
});

test("formatBytes rounds to what a person reads", () => {
  expect([0, 820_400, 999_600, 9_430_000, 11_600_000, 7_200_000_000].map(formatBytes)).toEqual([
    "0 kB",
    "820 kB",
    "1.0 MB",
    "9.4 MB",
    "12 MB",
    "7.2 GB",
  ]);
});
