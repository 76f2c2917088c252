// Damaged copies of a file, for tests of parsers. Not used by the product.

/** Bytes that parsers trip over: zero, one, the sign bit, everything set. */
const NASTY = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;

/** `count` copies, each with a few bytes changed, removed or doubled. The same every time. */
export function* mutate(
  file: Uint8Array<ArrayBuffer>,
  count: number,
): Generator<Uint8Array<ArrayBuffer>> {
  const random = mulberry32(0x5070);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let i = 0; i < count; i += 1) {
    let mutant = file.slice();
    for (let changes = 1 + below(3); changes > 0 && mutant.length > 0; changes -= 1) {
      const at = below(mutant.length);
      const kind = below(8);
      if (kind === 0) mutant = mutant.slice(0, at);
      else if (kind === 1)
        mutant = Uint8Array.of(...mutant.subarray(0, at), ...mutant.subarray(at + 1));
      else if (kind === 2)
        mutant = Uint8Array.of(...mutant.subarray(0, at), ...mutant.subarray(Math.max(0, at - 9)));
      else if (kind === 3) mutant[at] = (mutant[at] as number) ^ (1 << below(8));
      else if (kind === 4) mutant.fill(0xff, at, at + 8);
      else mutant[at] = NASTY[below(NASTY.length)] as number;
    }
    yield mutant;
  }
}

/** A small generator of numbers in [0, 1), seeded. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
