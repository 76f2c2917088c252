import { describe, expect, it } from "vitest";
import { Random } from "./random.ts";
import { EXCLUDED, fillNoise } from "./sampling.ts";

/** What the frame graph does with the noise: argmax of (logit + noise) over the sorted candidates. */
function sample(sortedLogits: readonly number[], noise: Float32Array): number {
  let best = 0;
  let bestScore = -Infinity;
  for (const [i, logit] of sortedLogits.entries()) {
    const score = logit + (noise[i] ?? 0);
    if (score > bestScore) [best, bestScore] = [i, score];
  }
  return best;
}

describe("fillNoise", () => {
  it("is Gumbel(0, 1) times the temperature: mean γT, variance (πT)²/6", () => {
    const noise = new Float32Array(100_000);
    fillNoise(noise, { temperature: 2, topK: 0 }, new Random(3));
    const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
    const variance = noise.reduce((a, b) => a + (b - mean) ** 2, 0) / noise.length;
    expect(mean / 2).toBeCloseTo(0.5772, 1);
    expect(variance / 4).toBeCloseTo(Math.PI ** 2 / 6, 1);
  });

  it("draws from softmax(logits / temperature), cut to the top k and renormalised", () => {
    const logits = [1.3, 0.9, 0.2, -0.4, -2];
    const temperature = 0.8;
    const topK = 3;
    const weights = logits.map((l, i) => (i < topK ? Math.exp(l / temperature) : 0));
    const total = weights.reduce((a, b) => a + b, 0);

    const random = new Random(11);
    const noise = new Float32Array(logits.length);
    const counts = new Array<number>(logits.length).fill(0);
    const n = 50_000;
    for (let i = 0; i < n; i++) {
      fillNoise(noise, { temperature, topK }, random);
      const token = sample(logits, noise);
      counts[token] = (counts[token] ?? 0) + 1;
    }
    for (const [i, weight] of weights.entries()) {
      const p = weight / total;
      expect(Math.abs((counts[i] ?? 0) - n * p)).toBeLessThanOrEqual(
        5 * Math.sqrt(n * p * (1 - p)),
      );
    }
  });

  it("is silent at temperature 0, so that the most likely candidate wins", () => {
    const noise = new Float32Array(6);
    fillNoise(noise, { temperature: 0, topK: 4 }, new Random(5));
    expect([...noise].map(Math.abs)).toEqual([
      0,
      0,
      0,
      0,
      ...Array(2).fill(Math.abs(Math.fround(EXCLUDED))),
    ]);
  });

  it("keeps all candidates for topK 0 and beyond its width", () => {
    const noise = new Float32Array(50);
    for (const topK of [0, 50, 1000]) {
      fillNoise(noise, { temperature: 1, topK }, new Random(5));
      expect(Math.min(...noise)).toBeGreaterThan(-10);
    }
  });

  it("uses as many random numbers whatever the settings", () => {
    const after = (temperature: number, topK: number) => {
      const random = new Random(9);
      fillNoise(new Float32Array(20), { temperature, topK }, random);
      return random.next();
    };
    expect(after(0, 1)).toBe(after(1.5, 20));
  });
});
