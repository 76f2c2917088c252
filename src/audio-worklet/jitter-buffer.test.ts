import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { FRAME_SAMPLES } from "../shared/frame.ts";
import { JITTER_BUFFER_DEFAULTS, JitterBuffer } from "./jitter-buffer.ts";

const { startMargin, smallestMargin, largestMargin, cap, fade } = JITTER_BUFFER_DEFAULTS;
const QUANTUM = 128;

/** Half of full scale: what comes out otherwise is a fade at work. */
const half = (): Float32Array => new Float32Array(FRAME_SAMPLES).fill(0.5);
/** Sample k of the stream, exactly representable, never quiet: the value tells which sample it is. */
const marked = (k: number): number => 0.25 + k * 2 ** -24;
const markedFrame = (first: number): Float32Array =>
  Float32Array.from({ length: FRAME_SAMPLES }, (_, i) => marked(first + i));

function read(buffer: JitterBuffer, count: number): Float32Array {
  const output = new Float32Array(count);
  buffer.read(output, count);
  return output;
}

const bytes = (samples: Float32Array): Uint8Array => new Uint8Array(samples.buffer);

/** What may happen to a buffer, in any order: bursts, stalls, interruptions, odd quantum sizes. */
type Step = { readonly push: number } | { readonly read: number } | { readonly flush: true };
const pushes = fc.record({ push: fc.integer({ min: 1, max: 7 }) });
const reads = fc.record({ read: fc.integer({ min: 1, max: 4_000 }) });
const flushes = fc.constant({ flush: true as const });
const steps = fc.array<Step>(
  fc.oneof({ weight: 4, arbitrary: pushes }, { weight: 6, arbitrary: reads }, flushes),
  { maxLength: 60 },
);

describe("a steady stream", () => {
  test("starts after the margin, fades in, and is then given as it came", () => {
    const buffer = new JitterBuffer();
    buffer.push(half());
    expect(read(buffer, startMargin)).toEqual(new Float32Array(startMargin));
    const rise = read(buffer, fade);
    expect(rise[0]).toBeCloseTo(0.5 * Math.sin(Math.PI / 2 / fade), 6);
    expect(rise[fade - 1]).toBe(0.5);
    for (let frame = 1; frame < 50; frame++) {
      expect(read(buffer, FRAME_SAMPLES - (frame === 1 ? startMargin + fade : 0))).toSatisfy(
        (samples: Float32Array) => samples.every((sample) => sample === 0.5),
      );
      buffer.push(half());
    }
    expect(buffer).toMatchObject({
      underruns: 0,
      dropped: 0,
      buffered: startMargin + FRAME_SAMPLES,
    });
  });

  property.prop([
    fc.array(fc.integer({ min: 0, max: startMargin - fade - QUANTUM }), { minLength: 30 }),
  ])("plays without a dip however late the frames are, within the margin", (lateness) => {
    const buffer = new JitterBuffer();
    const arrivals = lateness.map(
      (late, frame) => frame * FRAME_SAMPLES + (frame === 0 ? 0 : late),
    );
    const end = arrivals.length * FRAME_SAMPLES;
    let next = 0;
    const output: Float32Array[] = [];
    for (let now = 0; now < end; now += QUANTUM) {
      while (next < arrivals.length && (arrivals[next] ?? Infinity) <= now) {
        buffer.push(half());
        next++;
      }
      output.push(read(buffer, QUANTUM));
    }
    expect(buffer.underruns).toBe(0);
    const samples = output.flatMap((quantum) => [...quantum]);
    expect(samples.slice(startMargin + fade).every((sample) => sample === 0.5)).toBe(true);
  });
});

describe("any history", () => {
  property.prop([steps])("accounts for every sample and keeps its bounds", (history) => {
    const buffer = new JitterBuffer();
    let pushed = 0;
    let before = { played: 0, underruns: 0, dropped: 0 };
    for (const step of history) {
      if ("push" in step) {
        for (let i = 0; i < step.push; i++) buffer.push(half());
        pushed += step.push * FRAME_SAMPLES;
      } else if ("read" in step) read(buffer, step.read);
      else buffer.flush();
      expect(buffer.played + buffer.dropped + buffer.buffered).toBe(pushed);
      expect(buffer.buffered).toBeGreaterThanOrEqual(0);
      expect(buffer.buffered).toBeLessThanOrEqual(cap);
      expect(buffer.target).toBeGreaterThanOrEqual(smallestMargin);
      expect(buffer.target).toBeLessThanOrEqual(largestMargin);
      expect(buffer.played).toBeGreaterThanOrEqual(before.played);
      expect(buffer.underruns).toBeGreaterThanOrEqual(before.underruns);
      expect(buffer.dropped).toBeGreaterThanOrEqual(before.dropped);
      const { played, underruns, dropped } = buffer;
      before = { played, underruns, dropped };
    }
  });

  property.prop([steps])("never clicks and never exceeds full scale", (history) => {
    const buffer = new JitterBuffer();
    // Of a constant, all that can move is the fades: a pair of them, or another pair begun in the middle of it.
    const steepest = (Math.PI / 2 / fade) * 2;
    let steepestSeen = 0;
    let largestSeen = 0;
    let last = 0;
    for (const step of history) {
      if ("push" in step) {
        for (let i = 0; i < step.push; i++) buffer.push(new Float32Array(FRAME_SAMPLES).fill(1));
      } else if ("flush" in step) buffer.flush();
      else {
        for (const sample of read(buffer, step.read)) {
          steepestSeen = Math.max(steepestSeen, Math.abs(sample - last));
          largestSeen = Math.max(largestSeen, Math.abs(sample));
          last = sample;
        }
      }
    }
    expect(steepestSeen).toBeLessThanOrEqual(steepest);
    expect(largestSeen).toBeLessThanOrEqual(1);
  });

  property.prop([fc.array(fc.oneof(pushes, reads), { maxLength: 40 })])(
    "gives every sample once, in order, but for those it counts as dropped",
    (history) => {
      const marks = new JitterBuffer();
      const envelope = new JitterBuffer();
      const wrong: { position: number; sample: number }[] = [];
      let pushed = 0;
      for (const step of history) {
        if ("push" in step) {
          for (let i = 0; i < step.push; i++, pushed += FRAME_SAMPLES) {
            marks.push(markedFrame(pushed));
            envelope.push(half());
          }
          continue;
        }
        for (let i = 0; i < step.read; i++) {
          const position = marks.played + marks.dropped;
          const sample = read(marks, 1)[0]!;
          // Gain 1 and no cross-fade: the sample is as it came, so it must be the one that is next.
          const untouched = read(envelope, 1)[0] === 0.5;
          if (untouched && sample !== marked(position)) wrong.push({ position, sample });
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  property.prop([
    steps,
    fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
  ])("gives the same whatever the quantum", (history, quanta) => {
    const whole = new JitterBuffer();
    const pieces = new JitterBuffer();
    for (const step of history) {
      if ("push" in step) {
        for (let i = 0; i < step.push; i++) {
          whole.push(half());
          pieces.push(half());
        }
      } else if ("flush" in step) {
        whole.flush();
        pieces.flush();
      } else {
        const parts: number[] = [];
        for (let i = 0; parts.length < step.read; i++) {
          const quantum = Math.min(quanta[i % quanta.length]!, step.read - parts.length);
          parts.push(...read(pieces, quantum));
        }
        expect(Buffer.compare(bytes(Float32Array.from(parts)), bytes(read(whole, step.read)))).toBe(
          0,
        );
      }
    }
  });

  property.prop([steps], { numRuns: 8 })(
    "a steady, quiet stream afterwards finds back to the smallest margin",
    (history) => {
      const buffer = new JitterBuffer();
      for (const step of history) {
        if ("push" in step) for (let i = 0; i < step.push; i++) buffer.push(half());
        else if ("flush" in step) buffer.flush();
        else read(buffer, step.read);
      }
      const quiet = new Float32Array(FRAME_SAMPLES);
      const steady = (frames: number): void => {
        for (let frame = 0; frame < frames; frame++) {
          buffer.push(quiet);
          read(buffer, FRAME_SAMPLES);
        }
      };
      steady(2);
      const { underruns, buffered } = buffer;
      steady(2_000);
      expect(buffer.underruns).toBe(underruns);
      expect(buffer.target).toBe(smallestMargin);
      // What came late before may have left less than that; without an underrun nothing puts it back.
      expect(buffer.buffered).toBeGreaterThanOrEqual(Math.min(smallestMargin, buffered));
      expect(buffer.buffered).toBeLessThanOrEqual(smallestMargin + 2 * fade);
    },
  );
});

describe("underruns", () => {
  test("an idle stream is none", () => {
    const buffer = new JitterBuffer();
    read(buffer, 10_000);
    buffer.push(half());
    read(buffer, startMargin + 1_000);
    buffer.flush();
    read(buffer, 10_000);
    expect(buffer.underruns).toBe(0);
  });

  test("a dry spell counts once, widens the margin and fades on both sides", () => {
    const buffer = new JitterBuffer();
    buffer.push(half());
    const played = read(buffer, startMargin + FRAME_SAMPLES);
    expect(played.at(-1)).toBe(0);
    expect(played.at(-fade - 1)).toBe(0.5);
    expect(buffer).toMatchObject({ underruns: 1, target: startMargin + 120 });
    read(buffer, 100_000);
    expect(buffer.underruns).toBe(1);
    buffer.push(half());
    const next = read(buffer, startMargin + 120 + fade);
    expect(next.subarray(0, startMargin + 120).every((sample) => sample === 0)).toBe(true);
    expect(next.at(-1)).toBe(0.5);
  });

  test("the margin has a cap, and narrows again after calm", () => {
    const buffer = new JitterBuffer();
    for (let i = 0; i < 50; i++) {
      buffer.push(half());
      read(buffer, largestMargin + FRAME_SAMPLES);
    }
    expect(buffer).toMatchObject({ underruns: 50, target: largestMargin });
    for (let frame = 0; frame < 130; frame++) {
      buffer.push(half());
      read(buffer, FRAME_SAMPLES);
    }
    expect(buffer).toMatchObject({ underruns: 50, target: largestMargin - 120 });
  });
});

describe("too much", () => {
  test("over the cap the oldest goes at once", () => {
    const buffer = new JitterBuffer();
    for (let frame = 0; frame < 5; frame++) buffer.push(markedFrame(frame * FRAME_SAMPLES));
    expect(buffer).toMatchObject({
      buffered: FRAME_SAMPLES + startMargin,
      dropped: 4 * FRAME_SAMPLES - startMargin,
    });
    const output = read(buffer, startMargin + 2 * fade);
    expect(output.at(-1)).toBe(marked(4 * FRAME_SAMPLES - startMargin + 2 * fade - 1));
  });

  test("a needless reserve is kept while it is loud and trimmed where it is quiet", () => {
    const buffer = new JitterBuffer();
    const run = (frame: Float32Array, frames: number): void => {
      for (let i = 0; i < frames; i++) {
        buffer.push(frame);
        for (let at = 0; at < FRAME_SAMPLES; at += QUANTUM) read(buffer, QUANTUM);
      }
    };
    buffer.push(half());
    buffer.push(half());
    read(buffer, FRAME_SAMPLES);
    run(half(), 300);
    expect(buffer.dropped).toBe(0);
    const loud = buffer.buffered;
    run(new Float32Array(FRAME_SAMPLES), 200);
    expect(buffer.dropped).toBeGreaterThan(0);
    expect(buffer.buffered).toBe(loud - buffer.dropped);
    expect(buffer.buffered).toBeLessThan(buffer.target + 2 * fade);
    expect(buffer.buffered).toBeGreaterThanOrEqual(buffer.target);
    expect(buffer.underruns).toBe(0);
  });
});

describe("flush", () => {
  test("fades out what is heard, drops the rest, and plays the next stream from its first sample", () => {
    const buffer = new JitterBuffer();
    buffer.push(half());
    read(buffer, startMargin + 500);
    buffer.flush();
    expect(buffer).toMatchObject({ buffered: 0, dropped: FRAME_SAMPLES - 500 });
    buffer.push(markedFrame(0));
    const gap = read(buffer, startMargin);
    expect(gap[0]).toBeCloseTo(0.5 * Math.cos(Math.PI / 2 / fade), 6);
    expect(gap.subarray(fade - 1).every((sample) => sample === 0)).toBe(true);
    const next = read(buffer, 2 * fade);
    expect(next.subarray(fade)).toEqual(markedFrame(fade).subarray(0, fade));
  });

  test("while nothing is heard it drops all at once", () => {
    const buffer = new JitterBuffer();
    buffer.push(half());
    read(buffer, 10);
    buffer.flush();
    expect(buffer).toMatchObject({ buffered: 0, dropped: FRAME_SAMPLES, played: 0 });
  });
});

test("the level is the RMS of what was given since it was last asked for", () => {
  const buffer = new JitterBuffer();
  expect(buffer.takeLevel()).toBe(0);
  buffer.push(new Float32Array(FRAME_SAMPLES).fill(0.5));
  read(buffer, startMargin + fade);
  buffer.takeLevel();
  read(buffer, 1_000);
  expect(buffer.takeLevel()).toBeCloseTo(0.5, 6);
  expect(buffer.takeLevel()).toBe(0);
});
