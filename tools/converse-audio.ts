// A WAV file as a microphone: read, mixed to mono, resampled to 24 kHz. Node only.

import { readFile } from "node:fs/promises";

import { Resampler } from "../src/audio-worklet/resample.ts";
import { SottoError } from "../src/shared/errors.ts";
import { SAMPLE_RATE } from "../src/shared/frame.ts";
import { mixToMono, parseWav, type Wav } from "./wav.ts";

export interface Microphone {
  /** Mono at 24 kHz. */
  readonly pcm: Float32Array<ArrayBuffer>;
  readonly file: string;
  /** As the file has it. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** Throws SottoError `bad-argument` that names the file. */
export async function readMicrophone(file: string): Promise<Microphone> {
  const wav = await readWav(file);
  const mono = mixToMono(wav);
  const pcm = wav.sampleRate === SAMPLE_RATE ? mono : toModelRate(mono, wav.sampleRate);
  return { pcm, file, sampleRate: wav.sampleRate, channels: wav.channels.length };
}

/** A whole recording at 24 kHz, without the resampler's delay: what is at second t stays there. */
export function toModelRate(pcm: Float32Array, rate: number): Float32Array<ArrayBuffer> {
  const resampler = new Resampler(rate, SAMPLE_RATE);
  const delay = Math.round(resampler.delaySeconds * SAMPLE_RATE);
  const length = Math.round((pcm.length * SAMPLE_RATE) / rate);
  const flushed = new Float32Array(Math.max(pcm.length, resampler.inputsFor(delay + length)));
  flushed.set(pcm);
  const output = new Float32Array(delay + length);
  resampler.process(flushed, flushed.length, output);
  return output.slice(delay);
}

async function readWav(file: string): Promise<Wav> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const what = missing ? `There is no file ${file}.` : `${file} cannot be read.`;
    throw new SottoError("bad-argument", what, "Give a WAV file.", cause);
  });
  try {
    return parseWav(bytes);
  } catch (thrown) {
    if (!(thrown instanceof SottoError)) throw thrown;
    throw new SottoError(thrown.code, `${file}: ${thrown.what}`, thrown.remedy, thrown);
  }
}
