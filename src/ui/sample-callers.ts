// The bundled clips that stand in for a microphone.

export interface SampleCaller {
  readonly id: string;
  /** Relative to the page; mono or stereo WAV of any rate. */
  readonly url: string;
}

export const SAMPLE_CALLERS: readonly SampleCaller[] = [
  { id: "caller-1", url: "samples/caller-1.wav" },
];
