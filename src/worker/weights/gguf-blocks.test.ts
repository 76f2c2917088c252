import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { ggufToFloat32 } from "./gguf-blocks.ts";

/** 1.5 as a 16-bit float, and 0.25. */
const ONE_AND_A_HALF = [0x00, 0x3e];
const A_QUARTER = [0x00, 0x34];

describe("ggufToFloat32", () => {
  it("reads Q8_0: scale times signed byte", () => {
    const bytes = Uint8Array.from([
      ...ONE_AND_A_HALF,
      ...Array.from({ length: 32 }, (_, i) => (i * 9 - 128) & 255),
    ]);
    const values = ggufToFloat32({ type: "Q8_0", shape: [1, 32], bytes });
    expect([...values]).toEqual(
      Array.from({ length: 32 }, (_, i) => 1.5 * ((((i * 9 - 128) & 255) << 24) >> 24)),
    );
  });

  it("reads Q4_0: low nibbles first half, high nibbles second", () => {
    const nibbles = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
    const bytes = Uint8Array.from([...A_QUARTER, ...nibbles]);
    const values = ggufToFloat32({ type: "Q4_0", shape: [32], bytes });
    const low = Array.from({ length: 16 }, (_, i) => (i - 8) / 4);
    expect([...values]).toEqual([...low, ...low.map((_, i) => (7 - i) / 4)]);
  });

  // The 6-bit packing written down the other way: from scales and minima to the 12 bytes, by the format's description.
  const sixes = fc.array(fc.integer({ min: 0, max: 63 }), { minLength: 8, maxLength: 8 });
  const quads = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 256, maxLength: 256 });
  test.prop([sixes, sixes, quads])(
    "reads Q4_K: scale · q − minimum, in groups of 32",
    (scales, minima, q) => {
      const packed = new Uint8Array(12);
      for (let j = 0; j < 4; j += 1) {
        packed[j] = scales[j]! | ((scales[j + 4]! >> 4) << 6);
        packed[j + 4] = minima[j]! | ((minima[j + 4]! >> 4) << 6);
        packed[j + 8] = (scales[j + 4]! & 15) | ((minima[j + 4]! & 15) << 4);
      }
      const nibbles = Array.from({ length: 128 }, (_, byte) => {
        const low = Math.floor(byte / 32) * 64 + (byte % 32);
        return q[low]! | (q[low + 32]! << 4);
      });
      const bytes = Uint8Array.from([...ONE_AND_A_HALF, ...A_QUARTER, ...packed, ...nibbles]);
      const values = ggufToFloat32({ type: "Q4_K", shape: [256], bytes });
      const expected = q.map((x, i) => 1.5 * scales[i >> 5]! * x - 0.25 * minima[i >> 5]!);
      expect([...values]).toEqual(expected);
    },
  );

  it("widens plain floats", () => {
    const bytes = Uint8Array.from([0x80, 0x3f, 0x00, 0xc0]);
    expect([...ggufToFloat32({ type: "BF16", shape: [2], bytes })]).toEqual([1, -2]);
    const halves = Uint8Array.from([...ONE_AND_A_HALF, ...A_QUARTER]);
    expect([...ggufToFloat32({ type: "F16", shape: [2], bytes: halves })]).toEqual([1.5, 0.25]);
  });
});
