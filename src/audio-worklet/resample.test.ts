import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Resampler } from "./resample.ts";

const RATIOS = [
  [48_000, 24_000],
  [44_100, 24_000],
  [96_000, 24_000],
  [16_000, 24_000],
  [24_000, 48_000],
  [24_000, 44_100],
  [24_000, 96_000],
] as const;

function sine(hertz: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / rate));
}

function resample(input: Float32Array, from: number, to: number): Float32Array {
  const resampler = new Resampler(from, to);
  const output = new Float32Array(resampler.largestOutput(input.length));
  return output.subarray(0, resampler.process(input, input.length, output));
}

const power = (samples: Float32Array): number =>
  samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;

describe.each(RATIOS)("%i Hz to %i Hz", (from, to) => {
  const lower = Math.min(from, to) / 2;
  const length = Math.round(from / 5);

  test.each([0.01, 0.1, 0.5, 0.8, 0.87])(
    "a sine at %f of the lower Nyquist frequency passes, late by the stated delay, at 70 dB SNR",
    (part) => {
      const hertz = part * lower;
      const output = resample(sine(hertz, from, length), from, to);
      const { delaySeconds } = new Resampler(from, to);
      // Past the filter's own start.
      const settled = Math.ceil(2 * delaySeconds * to) + 1;
      const error = output.map(
        (sample, n) => sample - Math.sin(2 * Math.PI * hertz * (n / to - delaySeconds)),
      );
      const snr = 10 * Math.log10(0.5 / power(error.subarray(settled)));
      expect(snr).toBeGreaterThan(70);
    },
  );

  test("a constant stays that constant", () => {
    const output = resample(new Float32Array(length).fill(0.5), from, to);
    const settled = Math.ceil(2 * new Resampler(from, to).delaySeconds * to) + 1;
    const worst = output
      .subarray(settled)
      .reduce((largest, sample) => Math.max(largest, Math.abs(sample - 0.5)), 0);
    expect(worst).toBeLessThan(1e-6);
  });

  test("as many samples come out as time goes in", () => {
    expect(
      Math.abs(resample(new Float32Array(length), from, to).length - (length * to) / from),
    ).toBeLessThanOrEqual(1);
  });
});

describe.each(RATIOS.filter(([from, to]) => from > to))("%i Hz down to %i Hz", (from, to) => {
  test.each([1.001, 1.1, 1.5, 1.9])(
    "a sine at %f of the new Nyquist frequency is 60 dB down",
    (part) => {
      const hertz = Math.min(part * (to / 2), 0.999 * (from / 2));
      const output = resample(sine(hertz, from, from / 5), from, to);
      const settled = Math.ceil(2 * new Resampler(from, to).delaySeconds * to) + 1;
      expect(10 * Math.log10(power(output.subarray(settled)) / 0.5)).toBeLessThan(-60);
    },
  );
});

describe("streaming", () => {
  const ratio = fc.constantFrom(...RATIOS);
  const input = Float32Array.from({ length: 2_000 }, (_, n) => Math.sin(n * n * 1e-4));

  property.prop([
    ratio,
    fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 9 }),
  ])("pushed in pieces of any size, it gives what it gives in one go", ([from, to], sizes) => {
    const resampler = new Resampler(from, to);
    const pieces: number[] = [];
    for (let at = 0, i = 0; at < input.length; i++) {
      const piece = input.subarray(at, at + sizes[i % sizes.length]!);
      const output = new Float32Array(resampler.largestOutput(piece.length));
      const given = resampler.process(piece, piece.length, output);
      pieces.push(...output.subarray(0, given));
      at += piece.length;
    }
    expect(pieces).toEqual([...resample(input, from, to)]);
  });

  property.prop([
    ratio,
    fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 9 }),
  ])(
    "pulled in pieces of any size, it takes just what it says and fills the output",
    ([from, to], sizes) => {
      const resampler = new Resampler(from, to);
      const whole = resample(input, from, to);
      const pieces: number[] = [];
      for (let at = 0, i = 0; i < 20; i++) {
        const size = sizes[i % sizes.length]!;
        const needed = resampler.inputsFor(size);
        if (at + needed > input.length) break;
        const output = new Float32Array(size);
        expect(resampler.process(input.subarray(at, at + needed), needed, output)).toBe(size);
        pieces.push(...output);
        at += needed;
      }
      expect(pieces).toEqual([...whole.subarray(0, pieces.length)]);
    },
  );
});

test("rates that are not positive whole numbers are refused", () => {
  expect(() => new Resampler(44_100.5, 24_000)).toThrow(RangeError);
  expect(() => new Resampler(0, 24_000)).toThrow(RangeError);
});
