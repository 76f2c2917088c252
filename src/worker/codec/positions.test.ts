import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { PUBLISHED_MIMI } from "./mimi-config.ts";
import { CodecPositions, HIDDEN, ringSlots, ringVisibility } from "./positions.ts";

/** Which positions a query sees, as the reference's ring has it: written first, then looked at (spec §2). */
function seenByDefinition(first: number, count: number, context: number, t: number): number[] {
  const ring = new Map<number, number>();
  for (let position = 0; position < first + count; position += 1)
    ring.set(position % context, position);
  return [...ring.values()].filter((position) => position <= first + t).toSorted((a, b) => a - b);
}

describe("ringVisibility", () => {
  test.prop([
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 3, max: 12 }),
  ])(
    "shows a query exactly the past positions that are still in the ring",
    (frame, count, context) => {
      const first = frame * count;
      const bias = ringVisibility(first, count, context);
      const slotOf = (position: number): number => position % context;
      for (let t = 0; t < count; t += 1) {
        const seen = seenByDefinition(first, count, context, t)
          .map(slotOf)
          .toSorted((a, b) => a - b);
        const shown = [...bias.subarray(t * context, (t + 1) * context)].flatMap((value, slot) =>
          value === 0 ? [slot] : [],
        );
        expect(shown).toEqual(seen);
      }
      expect(bias.every((value) => value === 0 || value === Math.fround(HIDDEN))).toBe(true);
    },
  );

  it("shows 249 keys to the first and 250 to the second position once Mimi's ring is full", () => {
    const bias = ringVisibility(1_000, 2, 250);
    const shown = (t: number): number =>
      bias.subarray(t * 250, (t + 1) * 250).filter((value) => value === 0).length;
    expect([shown(0), shown(1)]).toEqual([249, 250]);
  });
});

it("writes each head's positions to their slots", () => {
  expect([...ringSlots(2, 9, 2, 10)].map(Number)).toEqual([
    0, 0, 9, 0, 0, 0 /* head 1 */, 0, 1, 9, 0, 1, 0,
  ]);
});

describe("CodecPositions", () => {
  it("turns by the position since the start of the stream, without bound", () => {
    const positions = new CodecPositions(PUBLISHED_MIMI);
    const first = positions.advance();
    expect((first["cos"] as Float32Array).subarray(0, 32)).toEqual(new Float32Array(32).fill(1));
    for (let frame = 1; frame < 1_000; frame += 1) positions.advance();
    const { sin } = positions.advance() as { sin: Float32Array };
    expect(sin[0]).toBeCloseTo(Math.sin(2_000), 6);
    expect(sin[32]).toBeCloseTo(Math.sin(2_001), 6);
    expect(sin[33]).toBeCloseTo(Math.sin(Math.fround(2_001 * Math.fround(10_000 ** (-2 / 64)))), 6);
    positions.reset();
    expect(positions.advance()).toEqual(first);
  });
});
