import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { floats, joinFile, writeSafetensors } from "./safetensors-fixture.ts";
import { MAX_HEADER_BYTES, MAX_TENSORS, parseSafetensors } from "./safetensors.ts";

/** Tensors of a few names, types and shapes, with random bytes. */
const anyTensors = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9_.]{0,20}$/),
  fc
    .record({
      type: fc.constantFrom("F32" as const, "BF16" as const, "I64" as const, "U8" as const),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
    })
    .chain(({ type, shape }) => {
      const elementBytes = { F32: 4, BF16: 2, I64: 8, U8: 1 }[type];
      const length = shape.reduce((product, size) => product * size, elementBytes);
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((bytes) => ({ type, shape, bytes }));
    }),
);

function codeOf(file: Uint8Array<ArrayBuffer>): string {
  try {
    parseSafetensors(file, "x.safetensors");
  } catch (thrown) {
    if (thrown instanceof SottoError) return thrown.code;
    throw thrown;
  }
  return "parsed";
}

describe("parseSafetensors", () => {
  test.prop([anyTensors])("gives back what was written", (tensors) => {
    const parsed = parseSafetensors(writeSafetensors(tensors), "x.safetensors");
    expect([...parsed.keys()]).toEqual(Object.keys(tensors));
    for (const [name, { type, shape, bytes }] of Object.entries(tensors)) {
      expect(parsed.get(name)?.type).toBe(type);
      expect(parsed.get(name)?.shape).toEqual(shape);
      expect([...(parsed.get(name)?.bytes ?? [])]).toEqual([...bytes]);
    }
  });

  test.prop([anyTensors, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })])(
    "calls every file that was cut short truncated",
    (tensors, fraction) => {
      const file = writeSafetensors(tensors);
      expect(codeOf(file.slice(0, Math.floor(file.length * fraction)))).toBe(
        "model-file-truncated",
      );
    },
  );

  test.prop([fc.uint8Array({ maxLength: 200 })])(
    "throws only SottoErrors at random bytes",
    (bytes) => {
      expect(codeOf(Uint8Array.from(bytes))).toMatch(/^model-file-(truncated|malformed)$/);
    },
  );

  test.prop([fc.json()])("throws only SottoErrors at random JSON", (json) => {
    expect(codeOf(joinFile(json))).toMatch(/^(model-file-(truncated|malformed)|parsed)$/);
  });

  const entry = (over: object): string =>
    JSON.stringify({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...over } });
  const four = new Uint8Array(4);
  it.each([
    ["an unknown type", joinFile(entry({ dtype: "F128" }), four)],
    ["a prototype's name as a type", joinFile(entry({ dtype: "toString" }), four)],
    ["a negative size", joinFile(entry({ shape: [-1] }), four)],
    ["a fractional size", joinFile(entry({ shape: [0.5] }), four)],
    ["an absurd rank", joinFile(entry({ shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] }), four)],
    ["a product past 2^53", joinFile(entry({ shape: [2 ** 40, 2 ** 40] }), four)],
    ["a range of another length than its shape", joinFile(entry({ shape: [2] }), four)],
    ["a range that runs backwards", joinFile(entry({ data_offsets: [4, 0] }), four)],
    ["a gap before the first tensor", joinFile(entry({ data_offsets: [4, 8] }), four, four)],
    ["bytes after the last tensor", joinFile(entry({}), four, four)],
    ["a header that is an array", joinFile("[]")],
    ["a header that is no UTF-8", joinFile("{}").map((byte, i) => (i === 8 ? 0xff : byte))],
    [
      "two tensors over the same bytes",
      joinFile(
        JSON.stringify({
          a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          b: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
        }),
        four,
      ),
    ],
  ])("calls %s malformed", (_, file) => {
    expect(codeOf(file)).toBe("model-file-malformed");
  });

  it("refuses a header longer than the limit before reading it", () => {
    const file = joinFile("{}");
    new DataView(file.buffer).setBigUint64(0, BigInt(MAX_HEADER_BYTES) + 1n, true);
    expect(codeOf(file)).toBe("model-file-malformed");
  });

  it("refuses more tensors than the limit", () => {
    const empty = { type: "U8", shape: [0], bytes: new Uint8Array() } as const;
    const many = Object.fromEntries(
      Array.from({ length: MAX_TENSORS + 1 }, (_, i) => [`t${i}`, empty]),
    );
    expect(codeOf(writeSafetensors(many))).toBe("model-file-malformed");
  });

  it("ignores the metadata entry", () => {
    const header = JSON.stringify({ __metadata__: { format: "pt" } });
    expect(parseSafetensors(joinFile(header), "x").size).toBe(0);
    expect(parseSafetensors(writeSafetensors({ a: floats([1], [1]) }), "x").size).toBe(1);
  });
});
