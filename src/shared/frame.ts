// The unit of time of the whole program: one frame. The only home of these numbers (spec §1).
// Compiles for page, worker and worklet.

/** Audio samples per second, everywhere between the mic worklet and the speaker worklet. */
export const SAMPLE_RATE = 24_000;
/** Samples in one frame: one column of codes, one step of the temporal transformer. */
export const FRAME_SAMPLES = 1_920;
/** Frames per second, 12.5. */
export const FRAME_RATE = SAMPLE_RATE / FRAME_SAMPLES;
/** Length of one frame in milliseconds, 80. */
export const FRAME_MS = 1_000 / FRAME_RATE;
/** Samples the browser hands an AudioWorklet at a time (Web Audio render quantum). */
export const QUANTUM_SAMPLES = 128;
