import { fc, test } from "@fast-check/vitest";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";

import { SAMPLE_RATE } from "../src/shared/frame.ts";
import { readMicrophone, toModelRate } from "./converse-audio.ts";
import { formatWav } from "./wav.ts";

const tone = (rate: number, seconds: number): Float32Array<ArrayBuffer> =>
  Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate),
  );

describe("toModelRate", () => {
  test.prop([fc.constantFrom(8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)])(
    "keeps a tone where it is",
    (rate) => {
      const resampled = toModelRate(tone(rate, 0.5), rate);
      const expected = tone(SAMPLE_RATE, 0.5);
      expect(Math.abs(resampled.length - expected.length)).toBeLessThanOrEqual(1);
      // The ends ring where the tone begins and breaks off.
      const inside = expected.subarray(1_000, -1_000);
      const worst = inside.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (resampled[1_000 + i] ?? NaN))),
        0,
      );
      expect(worst).toBeLessThan(0.03);
    },
  );
});

describe("readMicrophone", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sotto-mic-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("mixes down and resamples, and remembers what the file was", async () => {
    const file = join(folder, "stereo.wav");
    await writeFile(
      file,
      formatWav({ sampleRate: 48_000, channels: [tone(48_000, 1), tone(48_000, 1)] }),
    );
    const mic = await readMicrophone(file);
    expect(mic).toMatchObject({ file, sampleRate: 48_000, channels: 2 });
    expect(mic.pcm).toHaveLength(SAMPLE_RATE);
  });

  test("names the file that is missing, a folder, or no WAV", async () => {
    const text = join(folder, "text.wav");
    await writeFile(text, "hello");
    await expect(readMicrophone(join(folder, "none.wav"))).rejects.toMatchObject({
      code: "bad-argument",
      what: expect.stringMatching(/no file .*none\.wav/),
    });
    await expect(readMicrophone(folder)).rejects.toMatchObject({ code: "bad-argument" });
    await expect(readMicrophone(text)).rejects.toMatchObject({
      code: "bad-argument",
      what: expect.stringMatching(/text\.wav.*RIFF/),
    });
  });
});
