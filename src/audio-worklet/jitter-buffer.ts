// Evens out the arrival of speaker frames: a ring of samples that is read one quantum at a time.
// Pure and allocation-free once constructed; the speaker worklet runs it on the audio thread.
//
// The policy is Kyutai's (moshi client/src/audio-processor.ts): wait a margin after the first frame; when the buffer
// runs dry, fade out, widen the margin, wait again, fade in; when too much waits, drop the oldest. Unlike theirs, the
// margin narrows again, and what is dropped is cross-faded and, unless it is urgent, taken from a quiet stretch.
// There is no time stretching: microphone and speaker share one clock, so the two never drift apart.

import { FRAME_SAMPLES } from "../shared/frame.ts";

/** Lengths in samples. */
export interface JitterBufferOptions {
  /**
   * How long the first frame of a stream waits, so that later frames may come that much later. Kyutai's 10 ms suits a
   * server; in a tab the time of a frame varies by more than that, and every underrun is heard.
   */
  readonly startMargin: number;
  /** Where the margin settles: what the latest frame of the last seconds has had to spare. */
  readonly smallestMargin: number;
  readonly largestMargin: number;
  /** Added to the margin at each underrun, taken off it again after `calmFrames` frames without one. */
  readonly marginStep: number;
  readonly calmFrames: number;
  /** More than this is never kept waiting. Over FRAME_SAMPLES + largestMargin + fade. */
  readonly cap: number;
  /** Length of every fade and cross-fade. */
  readonly fade: number;
}

export const JITTER_BUFFER_DEFAULTS: JitterBufferOptions = {
  startMargin: 960,
  smallestMargin: 240,
  largestMargin: FRAME_SAMPLES,
  marginStep: 120,
  calmFrames: 125,
  cap: 4 * FRAME_SAMPLES,
  fade: 120,
};

/** The smallest reserve is taken over one to two of these, 5 to 10 s. */
const RESERVE_WINDOW_FRAMES = 64;
/** Samples of one energy figure; a power of two, so that the ring holds a whole number of them. */
const BLOCK = 64;
/** RMS under which dropping a few milliseconds is not heard, -46 dB of full scale. */
const QUIET_LEVEL = 0.005;

/** `idle`: nothing is due. `waiting`: the margin runs. `playing`: samples are due. `dry`: they are, and there are none. */
type State = "idle" | "waiting" | "playing" | "dry";

/** One producer calls `push` and `flush`, one consumer calls `read`, all on the same thread. Mono, any rate. */
export class JitterBuffer {
  /** Samples that have gone out, faded ones included. */
  played = 0;
  /** Times that the buffer ran dry in the middle of a stream. */
  underruns = 0;
  /** Samples dropped by the cap, by trimming or by a flush. pushed = played + dropped + buffered. */
  dropped = 0;
  /** Samples that wait. */
  buffered = 0;
  /** The present margin, in samples. */
  target: number;

  readonly #options: JitterBufferOptions;
  readonly #ring: Float32Array;
  readonly #mask: number;
  /** Sum of squares of each block of the ring. */
  readonly #blockEnergy: Float32Array;
  /** sin(½π · i/fade), from 0 to 1. */
  readonly #rise: Float32Array;
  #readAt = 0;
  #blockSum = 0;
  #state: State = "idle";
  /** Index into `#rise`: the present gain. Never more than what is left to play, so that it reaches 0 in time. */
  #gain = 0;
  /** What was being heard when the stream was cut; it fades out from `#tailAt` on, whatever follows fading in. */
  readonly #tail: Float32Array;
  #tailAt: number;
  /** Samples until the margin has run. */
  #countdown = 0;
  #calm = 0;
  /** Smallest reserve met by a frame, in this window and the one before. */
  #reserve = Infinity;
  #reserveBefore = Infinity;
  #reserveFrames = 0;
  #levelSum = 0;
  #levelCount = 0;

  constructor(options: JitterBufferOptions = JITTER_BUFFER_DEFAULTS) {
    this.#options = options;
    this.target = options.startMargin;
    const capacity = 2 ** Math.ceil(Math.log2(options.cap + FRAME_SAMPLES));
    this.#ring = new Float32Array(capacity);
    this.#mask = capacity - 1;
    this.#blockEnergy = new Float32Array(capacity / BLOCK);
    this.#rise = Float32Array.from({ length: options.fade + 1 }, (_, i) =>
      Math.sin((Math.PI / 2) * (i / options.fade)),
    );
    this.#tail = new Float32Array(options.fade);
    this.#tailAt = options.fade;
  }

  /** Takes up to FRAME_SAMPLES samples, copied. */
  push(samples: Float32Array): void {
    if (this.#state === "playing") this.#noteReserve();
    // An iterator might allocate.
    for (let i = 0; i < samples.length; i++) this.#append(samples[i] ?? 0);
    if (this.#state === "idle" || this.#state === "dry") this.#wait();
    if (this.buffered > this.#options.cap) {
      this.#drop(this.buffered - FRAME_SAMPLES - this.target);
      this.#forgetReserve();
    }
  }

  /** Fills the first `count` samples of `output`; silence where nothing is due. */
  read(output: Float32Array, count: number): void {
    if (this.#state === "playing") this.#trim();
    for (let i = 0; i < count; i++) {
      const sample = this.#next();
      output[i] = sample;
      this.#levelSum += sample * sample;
    }
    this.#levelCount += count;
  }

  /** Drops what waits, with a fade where something is being heard. The stream ends: what follows is a new one. */
  flush(): void {
    this.#drop(this.buffered);
    this.#state = "idle";
  }

  /** RMS of what `read` has given since the last call. */
  takeLevel(): number {
    const level = this.#levelCount === 0 ? 0 : Math.sqrt(this.#levelSum / this.#levelCount);
    this.#levelSum = 0;
    this.#levelCount = 0;
    return level;
  }

  #append(sample: number): void {
    const at = (this.#readAt + this.buffered) & this.#mask;
    this.#ring[at] = sample;
    this.buffered++;
    this.#blockSum = at % BLOCK === 0 ? sample * sample : this.#blockSum + sample * sample;
    if (at % BLOCK === BLOCK - 1) this.#blockEnergy[(at - BLOCK + 1) / BLOCK] = this.#blockSum;
  }

  #next(): number {
    let sample = 0;
    if (this.#state === "playing") {
      sample = this.#take();
    } else if (this.#state === "waiting" && --this.#countdown === 0) {
      this.#state = "playing";
    }
    if (this.#tailAt < this.#tail.length) sample += this.#fading(this.#tailAt++);
    // Two like sounds may add up to √2 in a cross-fade.
    return Math.max(-1, Math.min(1, sample));
  }

  #take(): number {
    this.#gain = this.#gainAfter(this.#gain, this.buffered);
    const sample = this.#at(0) * (this.#rise[this.#gain] ?? 0);
    this.#readAt = (this.#readAt + 1) & this.#mask;
    this.buffered--;
    this.played++;
    if (this.buffered === 0) this.#runDry();
    return sample;
  }

  /** The gain of the next sample: rising, but no higher than the `left` samples can bring down to 0. */
  #gainAfter(gain: number, left: number): number {
    return Math.min(gain + 1, this.#options.fade, left - 1);
  }

  /** Sample `index` of the tail at its falling gain, which makes an equal-power pair with the rising one. */
  #fading(index: number): number {
    return (this.#tail[index] ?? 0) * (this.#rise[this.#tail.length - 1 - index] ?? 0);
  }

  #runDry(): void {
    this.#state = "dry";
    this.underruns++;
    this.#calm = 0;
    this.target = Math.min(this.#options.largestMargin, this.target + this.#options.marginStep);
  }

  #wait(): void {
    this.#state = "waiting";
    this.#countdown = this.target;
    this.#forgetReserve();
  }

  #forgetReserve(): void {
    this.#reserve = Infinity;
    this.#reserveBefore = Infinity;
    this.#reserveFrames = 0;
  }

  /** A frame has come while `buffered` samples were left: that is how much later it could have been. */
  #noteReserve(): void {
    this.#reserve = Math.min(this.#reserve, this.buffered);
    if (++this.#reserveFrames === RESERVE_WINDOW_FRAMES) {
      this.#reserveBefore = this.#reserve;
      this.#reserve = Infinity;
      this.#reserveFrames = 0;
    }
    if (++this.#calm === this.#options.calmFrames) {
      this.#calm = 0;
      this.target = Math.max(this.#options.smallestMargin, this.target - this.#options.marginStep);
    }
  }

  /**
   * Shortens a reserve that no frame of the last seconds has needed, in a quiet stretch, two fades at a time. It
   * takes a whole window to know the reserve, and two fades more than the target to act: that is the hysteresis.
   */
  #trim(): void {
    const piece = 2 * this.#options.fade;
    const reserve = Math.min(this.#reserve, this.#reserveBefore);
    if (this.#reserveBefore === Infinity || reserve - this.target < piece) return;
    if (this.buffered < piece + this.#options.fade || !this.#isQuiet(piece + this.#options.fade)) {
      return;
    }
    this.#drop(piece);
    this.#reserve -= piece;
    this.#reserveBefore -= piece;
  }

  /** Whether the next `length` samples are quiet. The block that is still being written counts as loud. */
  #isQuiet(length: number): boolean {
    const last = Math.floor((this.#readAt + length - 1) / BLOCK);
    const complete = Math.floor((this.#readAt + this.buffered) / BLOCK);
    if (last >= complete) return false;
    const blocks = this.#blockEnergy.length;
    for (let block = Math.floor(this.#readAt / BLOCK); block <= last; block++) {
      const energy = this.#blockEnergy[block % blocks] ?? Infinity;
      if (energy > BLOCK * QUIET_LEVEL * QUIET_LEVEL) return false;
    }
    return true;
  }

  /** Drops the `length` oldest samples. */
  #drop(length: number): void {
    this.#cut();
    this.#readAt = (this.#readAt + length) & this.#mask;
    this.buffered -= length;
    this.dropped += length;
  }

  /** Keeps what would be heard next as the tail; what comes after the cut fades in under it. */
  #cut(): void {
    // Nothing has been heard since the last cut: its tail is still the right one.
    if (this.#tailAt === 0) return;
    const { fade } = this.#options;
    const audible = this.#state === "playing" ? Math.min(this.buffered, fade) : 0;
    let gain = this.#gain;
    for (let i = 0; i < fade; i++) {
      const old = this.#tailAt + i < fade ? this.#fading(this.#tailAt + i) : 0;
      if (i < audible) gain = this.#gainAfter(gain, this.buffered - i);
      this.#tail[i] = old + (i < audible ? this.#at(i) * (this.#rise[gain] ?? 0) : 0);
    }
    this.#tailAt = 0;
    this.#gain = 0;
  }

  #at(offset: number): number {
    return this.#ring[(this.#readAt + offset) & this.#mask] ?? 0;
  }
}
