// Rotary position angles of one step (spec §1.3, §10.10). Computed on the host, because the position
// grows without bound and WGSL promises cos and sin only near zero. Pure; runs in the worker.

/** cos and sin for one position at a time, for heads of `headDim` elements. */
export class Rope {
  /** Angle per position of each pair, rounded to fp32 as the reference does. */
  readonly #rates: Float32Array;

  /** @param period `max_period` of the config: the base of the geometric series of wavelengths. */
  constructor(headDim: number, period: number) {
    this.#rates = Float32Array.from({ length: headDim / 2 }, (_, i) =>
      Math.exp((-Math.log(period) * 2 * i) / headDim),
    );
  }

  /** Writes headDim/2 cosines and sines of position `position`. Both pairings of elements use the same. */
  fill(position: number, cos: Float32Array, sin: Float32Array): void {
    for (const [i, rate] of this.#rates.entries()) {
      const angle = Math.fround(position * rate);
      cos[i] = Math.cos(angle);
      sin[i] = Math.sin(angle);
    }
  }
}
