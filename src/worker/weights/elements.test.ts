import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { allFinite, toFloat32, toInt32 } from "./elements.ts";

const bits16 = (...values: number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Uint16Array.from(values).buffer);

describe("toFloat32", () => {
  it("widens float16", () => {
    const bytes = bits16(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00);
    expect([...(toFloat32({ type: "F16", shape: [6], bytes }) ?? [])]).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      -0,
      Infinity,
    ]);
    expect(toFloat32({ type: "F16", shape: [1], bytes: bits16(0x7e00) })?.[0]).toBeNaN();
  });

  test.prop([fc.float({ noNaN: true })])(
    "widens bfloat16 to the float32 with the same upper half",
    (x) => {
      const upper = (new Uint32Array(Float32Array.of(x).buffer)[0] as number) >>> 16;
      const [wide] = toFloat32({ type: "BF16", shape: [1], bytes: bits16(upper) }) as Float32Array;
      expect(new Uint32Array(Float32Array.of(wide as number).buffer)[0]).toBe((upper << 16) >>> 0);
    },
  );

  test.prop([fc.float32Array({ noNaN: true }), fc.nat(3)])(
    "reads float32 at any offset in a file",
    (values, shift) => {
      const file = new Uint8Array(values.byteLength + shift);
      file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), shift);
      const tensor = { type: "F32", shape: [values.length], bytes: file.subarray(shift) } as const;
      expect(toFloat32(tensor)).toEqual(Float32Array.from(values));
    },
  );

  it("has nothing to say of integers", () => {
    expect(toFloat32({ type: "I32", shape: [1], bytes: new Uint8Array(4) })).toBeNull();
  });
});

describe("toInt32", () => {
  it("widens U8", () => {
    const bytes = Uint8Array.of(0, 1, 255);
    expect([...(toInt32({ type: "U8", shape: [3], bytes }) ?? [])]).toEqual([0, 1, 255]);
  });

  it("narrows I64", () => {
    const bytes = new Uint8Array(BigInt64Array.of(-99n, 2048n).buffer);
    expect([...(toInt32({ type: "I64", shape: [2], bytes }) ?? [])]).toEqual([-99, 2048]);
  });
});

describe("allFinite", () => {
  test.prop([fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1 }), fc.nat()])(
    "finds one bad element anywhere",
    (values, at) => {
      expect(allFinite(values)).toBe(true);
      for (const bad of [NaN, Infinity, -Infinity]) {
        const spoilt = values.slice();
        spoilt[at % values.length] = bad;
        expect(allFinite(spoilt)).toBe(false);
      }
    },
  );
});
