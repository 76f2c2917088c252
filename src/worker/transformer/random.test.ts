import { expect, it } from "vitest";
import { Random } from "./random.ts";

it("is xoshiro128++: the published sequence from the state 1, 2, 3, 4", () => {
  const random = Random.fromState([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, () => random.next())).toEqual([
    641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011,
    621204420,
  ]);
});

it("repeats itself for a seed, and differs between seeds", () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.next());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  const again = new Random(8);
  again.seed(7);
  expect(Array.from({ length: 8 }, () => again.next())).toEqual(draw(7));
});

it("draws uniform numbers strictly inside (0, 1): mean 1/2, variance 1/12, flat deciles", () => {
  const random = new Random(1);
  const n = 200_000;
  const deciles = new Array<number>(10).fill(0);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const u = random.uniform();
    if (!(u > 0 && u < 1)) throw new Error(`out of range: ${u}`);
    sum += u;
    squares += u * u;
    const decile = Math.floor(u * 10);
    deciles[decile] = (deciles[decile] ?? 0) + 1;
  }
  const mean = sum / n;
  // Bounds are five standard errors.
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
  expect(Math.abs(squares / n - mean * mean - 1 / 12)).toBeLessThan(1e-3);
  for (const count of deciles)
    expect(Math.abs(count - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.09));
});
