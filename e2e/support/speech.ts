// Where a recording holds sound: stretches louder than a threshold, with short pauses bridged. Pure.

export interface Stretch {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
}

export interface SpeechOptions {
  /** RMS of a window above which it counts as sound. */
  readonly threshold: number;
  /** Pauses up to this many seconds belong to the stretch around them. */
  readonly bridge: number;
}

const WINDOW_SECONDS = 0.02;

/** Stretches of sound, in order. */
export function findSpeech(
  samples: Float32Array,
  sampleRate: number,
  { threshold, bridge }: SpeechOptions,
): Stretch[] {
  const size = Math.round(WINDOW_SECONDS * sampleRate);
  const found: Stretch[] = [];
  for (let at = 0; at + size <= samples.length; at += size) {
    if (rms(samples.subarray(at, at + size)) < threshold) continue;
    const [start, end] = [at / sampleRate, (at + size) / sampleRate];
    const last = found.at(-1);
    if (last && start - last.end <= bridge) found[found.length - 1] = { start: last.start, end };
    else found.push({ start, end });
  }
  return found;
}

/** Root mean square; 0 of nothing. */
export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}
