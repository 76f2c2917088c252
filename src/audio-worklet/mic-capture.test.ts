import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { FRAME_SAMPLES, SAMPLE_RATE } from "../shared/frame.ts";
import type { MicFrameMessage } from "../shared/protocol.ts";
import { MicCapture } from "./mic-capture.ts";
import { Resampler } from "./resample.ts";

const QUANTUM = 128;

function capture(rate: number): { mic: MicCapture; frames: MicFrameMessage[] } {
  const frames: MicFrameMessage[] = [];
  const mic = new MicCapture(rate, (frame) => frames.push(structuredClone(frame)));
  return { mic, frames };
}

function feed(mic: MicCapture, samples: Float32Array, rate: number): void {
  for (let at = 0; at < samples.length; at += QUANTUM) {
    mic.take(samples.subarray(at, at + QUANTUM), (at + QUANTUM) / rate);
  }
}

const ramp = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, n) => n * 2 ** -17);

describe("at 24 kHz", () => {
  property.prop([fc.integer({ min: 1, max: 100 })])(
    "the frames, one after another, are the input, and carry its times",
    (quanta) => {
      const { mic, frames } = capture(SAMPLE_RATE);
      const input = ramp(quanta * QUANTUM);
      feed(mic, input, SAMPLE_RATE);
      expect(frames).toHaveLength(Math.floor(input.length / FRAME_SAMPLES));
      expect(mic.frames).toBe(frames.length);
      frames.forEach(({ index, samples, contextTime }, number) => {
        expect(index).toBe(number);
        const start = number * FRAME_SAMPLES;
        expect(samples).toEqual(input.slice(start, start + FRAME_SAMPLES));
        expect(contextTime).toBeCloseTo((start + FRAME_SAMPLES) / SAMPLE_RATE, 9);
      });
    },
  );

  test("muted or unconnected, frames of zeros go on, and the level is 0", () => {
    const { mic, frames } = capture(SAMPLE_RATE);
    mic.muted = true;
    feed(mic, ramp(FRAME_SAMPLES).fill(0.5), SAMPLE_RATE);
    expect(mic.takeLevel()).toBe(0);
    mic.muted = false;
    for (let quantum = 0; quantum < 15; quantum++) mic.take(undefined, quantum / 187.5);
    feed(mic, new Float32Array(FRAME_SAMPLES).fill(0.5), SAMPLE_RATE);
    expect(mic.takeLevel()).toBeCloseTo(Math.sqrt(0.125), 6);
    expect(frames.map(({ samples }) => samples.every((sample) => sample === 0))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test("at 48 kHz the frames are the resampled input, their times less the filter's delay", () => {
  const { mic, frames } = capture(48_000);
  const input = Float32Array.from({ length: 6 * FRAME_SAMPLES }, (_, n) => Math.sin(n * n * 1e-4));
  feed(mic, input, 48_000);
  const resampler = new Resampler(48_000, SAMPLE_RATE);
  const expected = new Float32Array(resampler.largestOutput(input.length));
  resampler.process(input, input.length, expected);
  expect(frames).toHaveLength(3);
  frames.forEach(({ samples, contextTime }, number) => {
    const start = number * FRAME_SAMPLES;
    expect(samples).toEqual(expected.slice(start, start + FRAME_SAMPLES));
    const due = (start + FRAME_SAMPLES) / SAMPLE_RATE - resampler.delaySeconds;
    expect(Math.abs(contextTime - due)).toBeLessThanOrEqual(1 / SAMPLE_RATE);
  });
});
