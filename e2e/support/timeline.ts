// A microphone's recording made of silences and utterances, as the WAV file that Chromium's fake microphone plays.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatWav, mixToMono, parseWav } from "../../tools/wav.ts";

/** Numbers are seconds of silence, names are files of e2e/fixtures/callers without their extension. */
export type Timeline = readonly (number | string)[];

const CALLERS = join(import.meta.dirname, "../fixtures/callers");
const RATE = 48_000;

export async function writeTimeline(file: string, timeline: Timeline): Promise<void> {
  const parts = await Promise.all(timeline.map(samplesOf));
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, formatWav({ sampleRate: RATE, channels: [whole] }));
}

async function samplesOf(part: number | string): Promise<Float32Array> {
  return typeof part === "number" ? new Float32Array(Math.round(part * RATE)) : utterance(part);
}

async function utterance(name: string): Promise<Float32Array> {
  const wav = parseWav(await readFile(join(CALLERS, `${name}.wav`)));
  const samples = mixToMono(wav);
  // Linear interpolation upwards: Chromium resamples what it plays with care, and speech needs no more here.
  const step = wav.sampleRate / RATE;
  return Float32Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    const place = i * step;
    const before = Math.floor(place);
    const left = samples[before] ?? 0;
    const right = samples[before + 1] ?? left;
    return left + (right - left) * (place - before);
  });
}
