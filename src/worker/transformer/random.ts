// The seeded random numbers of a session: xoshiro128++, by Blackman and Vigna (prng.di.unimi.it),
// its state filled from one seed by splitmix32. The host draws them; no back end has a generator.

/** Uniform numbers, a pure function of the seed. */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    this.seed(seed);
  }

  /** A generator in a given state of four 32-bit words, not all zero. */
  static fromState(state: readonly [number, number, number, number]): Random {
    const random = new Random(0);
    random.#state.set(state);
    return random;
  }

  /** Starts the sequence of `seed` again. Only its low 32 bits count. */
  seed(seed: number): void {
    let z = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) >>> 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      this.#state[i] = t ^ (t >>> 15);
    }
  }

  /** 32 random bits. */
  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const sum = (a + d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + a) >>> 0;
    this.#state[0] = a ^ d ^ b;
    this.#state[1] = b ^ c ^ a;
    const d2 = d ^ b;
    this.#state[2] = c ^ a ^ (b << 9);
    this.#state[3] = (d2 << 11) | (d2 >>> 21);
    return result;
  }

  /** Strictly between 0 and 1, in steps of 2^-32. */
  uniform(): number {
    return (this.next() + 0.5) / 0x1_0000_0000;
  }
}
