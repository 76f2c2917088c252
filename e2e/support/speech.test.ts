import { describe, expect, it } from "vitest";
import { findSpeech, rms } from "./speech.ts";

const RATE = 8_000;

/** Seconds of a tone where the flag is set, of silence where it is not. */
function signal(...parts: readonly (readonly [seconds: number, loud: boolean])[]): Float32Array {
  return Float32Array.from(
    parts.flatMap(([seconds, loud]) =>
      Array.from({ length: seconds * RATE }, (_, i) => (loud ? 0.3 * Math.sin(i * 0.7) : 0)),
    ),
  );
}

describe("findSpeech", () => {
  const options = { threshold: 0.01, bridge: 0.3 };

  it("finds nothing in silence", () => {
    expect(findSpeech(signal([1, false]), RATE, options)).toEqual([]);
  });

  it("bridges short pauses and keeps long ones", () => {
    const sound = signal(
      [0.5, false],
      [0.4, true],
      [0.2, false],
      [0.4, true],
      [1, false],
      [0.2, true],
    );
    const found = findSpeech(sound, RATE, options);
    expect(found).toHaveLength(2);
    expect(found[0]?.start).toBeCloseTo(0.5, 2);
    expect(found[0]?.end).toBeCloseTo(1.5, 2);
    expect(found[1]?.start).toBeCloseTo(2.5, 2);
  });
});

describe("rms", () => {
  it("is the amplitude over √2 for a tone, and 0 of nothing", () => {
    expect(rms(signal([1, true]))).toBeCloseTo(0.3 / Math.SQRT2, 3);
    expect(rms(new Float32Array())).toBe(0);
  });
});
