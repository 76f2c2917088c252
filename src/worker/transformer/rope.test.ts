import { expect, it } from "vitest";
import { Rope } from "./rope.ts";

it("turns pair i by position · period^(-2i/headDim)", () => {
  const rope = new Rope(8, 10_000);
  const cos = new Float32Array(4);
  const sin = new Float32Array(4);
  rope.fill(3, cos, sin);
  for (const [i, angle] of [3, 0.3, 0.03, 0.003].entries()) {
    expect(cos[i]).toBeCloseTo(Math.cos(angle), 6);
    expect(sin[i]).toBeCloseTo(Math.sin(angle), 6);
  }
});

it("stays on the unit circle after a day of steps", () => {
  const rope = new Rope(64, 10_000);
  const cos = new Float32Array(32);
  const sin = new Float32Array(32);
  rope.fill(1_080_000, cos, sin);
  for (const [i, c] of cos.entries()) expect(c ** 2 + (sin[i] ?? 0) ** 2).toBeCloseTo(1, 5);
  // The angle is rounded to fp32, as in the reference.
  expect(cos[1]).toBeCloseTo(
    Math.cos(Math.fround(1_080_000 * Math.fround(10_000 ** (-1 / 32)))),
    6,
  );
});
