// Streaming sample-rate conversion by any rational ratio, for contexts that do not run at 24 kHz.
// Pure; allocates at construction only. The worklets run it on the audio thread.
//
// A polyphase Kaiser-windowed sinc: conceptually the input is stuffed with zeros to the least common rate and low-pass
// filtered there, and every M-th sample kept; only the products that are not with a stuffed zero are computed.

/** Stop-band attenuation in dB: aliases and images end up this far down. */
const ATTENUATION_DB = 80;
/** Where the pass band ends, as a part of the lower rate's Nyquist frequency. The stop band begins at that frequency. */
const PASS_BAND = 0.88;

/**
 * Turns a stream at `inputRate` into one at `outputRate`, mono. What is below 0.88 of the lower Nyquist frequency passes
 * unchanged, aliases are 80 dB down.
 */
export class Resampler {
  /** How much later than the input the output is, in seconds of signal; half of the filter's length. */
  readonly delaySeconds: number;

  /** Output n lies at input time n·M/L. */
  readonly #phases: number;
  readonly #advance: number;
  readonly #advancePhase: number;
  readonly #taps: number;
  /** `#phases` rows of `#taps` coefficients, each row in the order of the history: oldest input first. */
  readonly #kernel: Float32Array;
  /** The last `#taps` inputs, twice over, so that they always lie in one piece. */
  readonly #history: Float32Array;
  #historyAt = 0;
  #phase = 0;
  /** Inputs still to come before the next output. */
  #pending = 1;

  /** Rates are whole numbers in Hz. Throws RangeError otherwise. */
  constructor(inputRate: number, outputRate: number) {
    if (!Number.isInteger(inputRate) || !Number.isInteger(outputRate)) {
      throw new RangeError(`Sample rates must be whole numbers: ${inputRate} to ${outputRate}.`);
    }
    if (inputRate <= 0 || outputRate <= 0) {
      throw new RangeError(`Sample rates must be positive: ${inputRate} to ${outputRate}.`);
    }
    const common = greatestCommonDivisor(inputRate, outputRate);
    this.#phases = outputRate / common;
    const step = inputRate / common;
    this.#advance = Math.floor(step / this.#phases);
    this.#advancePhase = step % this.#phases;
    // Frequencies in cycles per input sample.
    const nyquist = Math.min(1, outputRate / inputRate) / 2;
    const transition = nyquist * (1 - PASS_BAND);
    // Kaiser's estimate of the length, rounded up to an even number: the delay is then a whole number of inputs.
    this.#taps = 2 * Math.ceil((ATTENUATION_DB - 7.95) / (14.36 * transition) / 2);
    this.#kernel = makeKernel(this.#phases, this.#taps, nyquist - transition / 2);
    this.#history = new Float32Array(2 * this.#taps);
    this.delaySeconds = this.#taps / 2 / inputRate;
  }

  /** How many inputs the next `outputs` outputs take, exactly. */
  inputsFor(outputs: number): number {
    if (outputs === 0) return 0;
    const phase = this.#phase + (outputs - 1) * this.#advancePhase;
    return this.#pending + (outputs - 1) * this.#advance + Math.floor(phase / this.#phases);
  }

  /** The most outputs that `inputs` inputs can give: how large to make the output of `process`. */
  largestOutput(inputs: number): number {
    const step = this.#advance + this.#advancePhase / this.#phases;
    return Math.ceil(inputs / step) + 1;
  }

  /**
   * Takes the first `inputCount` samples of `input` and writes what they give to `output`; returns how many that are.
   * Stops when `output` is full, and loses what input is left then: see `largestOutput` and `inputsFor`.
   */
  process(input: Float32Array, inputCount: number, output: Float32Array): number {
    let taken = 0;
    let given = 0;
    while (given < output.length) {
      while (this.#pending > 0 && taken < inputCount) {
        this.#remember(input[taken++] ?? 0);
        this.#pending--;
      }
      if (this.#pending > 0) break;
      output[given++] = this.#filter();
      this.#pending = this.#advance;
      this.#phase += this.#advancePhase;
      if (this.#phase >= this.#phases) {
        this.#phase -= this.#phases;
        this.#pending++;
      }
    }
    return given;
  }

  #remember(sample: number): void {
    this.#history[this.#historyAt] = sample;
    this.#history[this.#historyAt + this.#taps] = sample;
    this.#historyAt = this.#historyAt + 1 === this.#taps ? 0 : this.#historyAt + 1;
  }

  #filter(): number {
    const row = this.#phase * this.#taps;
    let sum = 0;
    for (let i = 0; i < this.#taps; i++) {
      sum += (this.#kernel[row + i] ?? 0) * (this.#history[this.#historyAt + i] ?? 0);
    }
    return sum;
  }
}

/** The windowed sinc, cut off at `cutoff` cycles per input sample, one row a phase, each of unit gain at 0 Hz. */
function makeKernel(phases: number, taps: number, cutoff: number): Float32Array {
  const kernel = new Float32Array(phases * taps);
  // Kaiser's formula for more than 50 dB.
  const beta = 0.1102 * (ATTENUATION_DB - 8.7);
  const half = taps / 2;
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let i = 0; i < taps; i++) {
      // In input samples, from the filter's middle to the input that is `taps - 1 - i` before the newest.
      const t = taps - 1 - i + phase / phases - half;
      const window = besselI0(beta * Math.sqrt(Math.max(0, 1 - (t / half) ** 2)));
      const value = window * sinc(2 * cutoff * t);
      kernel[phase * taps + i] = value;
      sum += value;
    }
    for (let i = 0; i < taps; i++) {
      kernel[phase * taps + i] = (kernel[phase * taps + i] ?? 0) / sum;
    }
  }
  return kernel;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of order 0, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
