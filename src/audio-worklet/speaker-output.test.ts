import { describe, expect, test } from "vitest";
import { FRAME_SAMPLES, SAMPLE_RATE } from "../shared/frame.ts";
import { JITTER_BUFFER_DEFAULTS } from "./jitter-buffer.ts";
import { Resampler } from "./resample.ts";
import { SpeakerOutput } from "./speaker-output.ts";

const QUANTUM = 128;
const { startMargin } = JITTER_BUFFER_DEFAULTS;

/** Plays `seconds` of a sine whose frames come on time; what the context is given. */
function play(output: SpeakerOutput, contextRate: number, seconds: number): Float32Array {
  const quanta = Math.floor((seconds * contextRate) / QUANTUM);
  const played = new Float32Array(quanta * QUANTUM);
  let index = 0;
  for (let quantum = 0; quantum < quanta; quantum++) {
    const now = (quantum * QUANTUM) / contextRate;
    while ((index * FRAME_SAMPLES) / SAMPLE_RATE <= now) {
      const samples = Float32Array.from({ length: FRAME_SAMPLES }, (_, n) =>
        sine((index * FRAME_SAMPLES + n) / SAMPLE_RATE),
      );
      output.receive({ type: "speaker-frame", index, samples });
      index++;
    }
    output.render(played.subarray(quantum * QUANTUM, (quantum + 1) * QUANTUM));
  }
  return played;
}

const sine = (seconds: number): number => 0.5 * Math.sin(2 * Math.PI * 440 * seconds);

describe.each([24_000, 44_100, 48_000])("a context of %i Hz", (rate) => {
  const delay =
    startMargin / SAMPLE_RATE +
    (rate === SAMPLE_RATE ? 0 : new Resampler(SAMPLE_RATE, rate).delaySeconds);

  test("plays what it is given, the margin later, without an underrun", () => {
    const output = new SpeakerOutput(rate);
    const played = play(output, rate, 2);
    const settled = Math.ceil(0.1 * rate);
    const worst = played
      .subarray(settled)
      .reduce(
        (largest, sample, n) =>
          Math.max(largest, Math.abs(sample - sine((settled + n) / rate - delay))),
        0,
      );
    expect(worst).toBeLessThan(1e-4);
    const stats = output.takeStats();
    expect(stats).toMatchObject({ playedFrames: 24, underruns: 0, droppedSamples: 0 });
    expect(stats.level).toBeCloseTo(Math.sqrt(0.125), 1);
    expect(output.takeStats().level).toBe(0);
  });

  test("is silent soon after a flush", () => {
    const output = new SpeakerOutput(rate);
    play(output, rate, 1);
    output.receive({ type: "flush" });
    const rest = new Float32Array(QUANTUM);
    for (let quantum = 0; quantum < 0.02 * (rate / QUANTUM); quantum++) output.render(rest);
    expect(rest.every((sample) => Math.abs(sample) < 1e-6)).toBe(true);
    expect(output.takeStats()).toMatchObject({ underruns: 0, bufferedSamples: 0 });
  });
});
