import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { toFloat32 } from "./elements.ts";
import { ggufToFloat32 } from "./gguf-blocks.ts";
import type { GgufTensor } from "./gguf.ts";
import { fromMlxAffine } from "./mlx-affine.ts";
import { type NBitsMatrix, repackGguf, repackMlx, unpackNBits } from "./repack.ts";

/** The same bits, element by element; a float32 zero may have lost its sign in a difference. */
function expectSameBits(exact: Float64Array, values: Float32Array): void {
  const rounded = Float32Array.from(exact, (value) => value + 0);
  const plain = Float32Array.from(values, (value) => value + 0);
  expect(Buffer.from(rounded.buffer).equals(Buffer.from(plain.buffer))).toBe(true);
}

const matrix = (packed: NBitsMatrix | null): NBitsMatrix => {
  if (!packed) throw new Error("not repacked");
  return packed;
};

const bytes = (length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => Uint8Array.from(value));

/** Finite 16-bit floats: the exponent's highest bit is cleared. */
const half = bytes(2).map(([low = 0, high = 0]) => [low, high & 0xbf]);

/** Blocks of `stride` bytes whose first `halves` pairs are finite 16-bit floats. */
const blocks = (
  count: number,
  stride: number,
  halves: number,
): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc
    .array(
      fc
        .tuple(fc.array(half, { minLength: halves, maxLength: halves }), bytes(stride - 2 * halves))
        .map(([scales, rest]) => [...scales.flat(), ...rest]),
      { minLength: count, maxLength: count },
    )
    .map((all) => Uint8Array.from(all.flat()));

describe("repackGguf", () => {
  test.prop([blocks(6, 34, 1)])("keeps Q8_0 bit by bit, without offsets", (raw) => {
    const tensor: GgufTensor = { type: "Q8_0", shape: [3, 64], bytes: raw };
    const packed = matrix(repackGguf(tensor));
    expect(packed).toMatchObject({
      rows: 3,
      columns: 64,
      bits: 8,
      block: 32,
      zeroPoint: 128,
      offsets: null,
    });
    expectSameBits(unpackNBits(packed), ggufToFloat32(tensor));
  });

  test.prop([blocks(6, 18, 1)])("keeps Q4_0 bit by bit, without offsets", (raw) => {
    const tensor: GgufTensor = { type: "Q4_0", shape: [2, 96], bytes: raw };
    const packed = matrix(repackGguf(tensor));
    expect(packed).toMatchObject({
      rows: 2,
      columns: 96,
      bits: 4,
      block: 32,
      zeroPoint: 8,
      offsets: null,
    });
    expect(packed.packed).toHaveLength(96);
    expectSameBits(unpackNBits(packed), ggufToFloat32(tensor));
  });

  test.prop([blocks(2, 144, 2)])("keeps Q4_K bit by bit", (raw) => {
    const tensor: GgufTensor = { type: "Q4_K", shape: [2, 256], bytes: raw };
    expectSameBits(unpackNBits(matrix(repackGguf(tensor))), ggufToFloat32(tensor));
  });

  it("keeps Q4_K with the default zero point where offsets are exact", () => {
    const raw = Uint8Array.from({ length: 288 }, (_, i) => (i * 37) & 255);
    // Scales of 2^-6 and 2^-5, as in a trained matrix.
    for (const start of [0, 144]) raw.set([0x00, 0x24, 0x00, 0x28], start);
    const tensor: GgufTensor = { type: "Q4_K", shape: [1, 512], bytes: raw };
    const packed = matrix(repackGguf(tensor));
    expect(packed.zeroPoint).toBe(8);
    expectSameBits(unpackNBits(packed), ggufToFloat32(tensor));
  });

  it("leaves what is no matrix of whole blocks, and plain floats", () => {
    expect(repackGguf({ type: "Q8_0", shape: [32], bytes: new Uint8Array(34) })).toBeNull();
    expect(repackGguf({ type: "F32", shape: [1, 32], bytes: new Uint8Array(128) })).toBeNull();
  });
});

/** bfloat16 values around 2^exponent. */
const bfloats = (
  count: number,
  least: number,
  most: number,
): fc.Arbitrary<Float32Array<ArrayBuffer>> =>
  fc
    .array(fc.tuple(fc.integer({ min: -255, max: 255 }), fc.integer({ min: least, max: most })), {
      minLength: count,
      maxLength: count,
    })
    .map((parts) => Float32Array.from(parts, ([mantissa, exponent]) => mantissa * 2 ** exponent));

describe("repackMlx", () => {
  const q4 = { bits: 4, group: 32 } as const;
  const q8 = { bits: 8, group: 64 } as const;

  test.prop([bytes(96), bfloats(6, -14, -9), bfloats(6, -11, -6)])(
    "keeps q4 bit by bit: the bytes as they are, biases as offsets",
    (words, scales, biases) => {
      const packed = matrix(repackMlx(words, [3, 64], scales, biases, q4));
      expect([...packed.packed]).toEqual([...words]);
      expectSameBits(unpackNBits(packed), fromMlxAffine(words, scales, biases, q4));
    },
  );

  test.prop([bytes(256), bfloats(4, -18, -13), bfloats(4, -11, -6)])(
    "keeps q8 bit by bit",
    (words, scales, biases) => {
      const packed = matrix(repackMlx(words, [2, 128], scales, biases, q8));
      expect(packed).toMatchObject({ bits: 8, block: 64 });
      expectSameBits(unpackNBits(packed), fromMlxAffine(words, scales, biases, q8));
    },
  );

  test.prop([bytes(16), bfloats(1, -120, 110), bfloats(1, -120, 110)])(
    "is exact at any scale and bias",
    (words, scales, biases) => {
      const packed = matrix(repackMlx(words, [1, 32], scales, biases, q4));
      expectSameBits(unpackNBits(packed), fromMlxAffine(words, scales, biases, q4));
    },
  );

  it("takes the zero point 0 when an offset from the default has no exact float32", () => {
    const words = new Uint8Array(16);
    for (const scale of [2 ** -40, 2 ** -90]) {
      const packed = matrix(
        repackMlx(words, [1, 32], Float32Array.of(scale), Float32Array.of(1), q4),
      );
      expect({ zero: packed.zeroPoint, offsets: packed.offsets }).toEqual({
        zero: 0,
        offsets: Float32Array.of(1),
      });
    }
    expect(repackMlx(words, [32], Float32Array.of(1), Float32Array.of(1), q4)).toBeNull();
  });
});

describe("fromMlxAffine", () => {
  it("takes element j from bits j · bits of its row's words, low bits first", () => {
    const words = Uint32Array.of(0x76543210, 0xfedcba98, 0x01234567, 0x89abcdef);
    const packed = new Uint8Array(words.buffer);
    const values = fromMlxAffine(packed, Float32Array.of(-0.5), Float32Array.of(3), {
      bits: 4,
      group: 32,
    });
    const q = (j: number): number => ((words[j >> 3] ?? 0) >>> ((j & 7) * 4)) & 15;
    expect([...values]).toEqual(Array.from({ length: 32 }, (_, j) => 3 - 0.5 * q(j)));
  });

  it("reads scales as bfloat16", () => {
    const scale = toFloat32({ type: "BF16", shape: [1], bytes: Uint8Array.of(0xc0, 0xbf) });
    expect(scale?.[0]).toBe(-1.5);
  });
});
