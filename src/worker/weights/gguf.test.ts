import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import {
  entry,
  type GgufFixtureTensor,
  string,
  uint32,
  uint64,
  writeGguf,
} from "./gguf-fixture.ts";
import { MAX_GGUF_HEADER_BYTES, MAX_GGUF_METADATA, parseGguf, readGgufHeader } from "./gguf.ts";
import { mutate } from "./mutations-fixture.ts";
import { MAX_TENSORS } from "./safetensors.ts";

const BLOCK = { F32: [1, 4], BF16: [1, 2], Q8_0: [32, 34], Q4_K: [256, 144] } as const;

/** Tensors of a few names, types and shapes, with random bytes. */
const anyTensors = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9_.]{0,20}$/),
  fc
    .record({
      type: fc.constantFrom("F32" as const, "BF16" as const, "Q8_0" as const, "Q4_K" as const),
      outer: fc.array(fc.nat(3), { maxLength: 3 }),
      blocks: fc.nat(2),
    })
    .chain(({ type, outer, blocks }) => {
      const [elements, blockBytes] = BLOCK[type];
      const length = outer.reduce((product, size) => product * size, blocks) * blockBytes;
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((bytes) => ({ type, shape: [...outer, blocks * elements], bytes }));
    }),
);

function codeOf(file: Uint8Array<ArrayBuffer>): string {
  try {
    parseGguf(file, "x.gguf");
  } catch (thrown) {
    if (thrown instanceof SottoError) return thrown.code;
    throw thrown;
  }
  return "parsed";
}

const one: GgufFixtureTensor = { type: "F32", shape: [1], bytes: new Uint8Array(4) };
const metadata = [
  entry("general.name", 8, string("moshi")),
  entry("general.alignment", 4, uint32(64)),
  entry("some.flag", 7, Uint8Array.of(1)),
  entry("some.tokens", 9, uint32(8), uint64(2), string("a"), string("bc")),
  entry("some.matrix", 9, uint32(9), uint64(1), uint32(5), uint64(3), new Uint8Array(12)),
];

describe("parseGguf", () => {
  test.prop([anyTensors, fc.constantFrom(2, 3)])(
    "gives back what was written",
    (tensors, version) => {
      const parsed = parseGguf(writeGguf(tensors, { version }), "x.gguf");
      expect([...parsed.keys()]).toEqual(Object.keys(tensors));
      for (const [name, { type, shape, bytes }] of Object.entries(tensors)) {
        expect(parsed.get(name)?.type).toBe(type);
        expect(parsed.get(name)?.shape).toEqual(shape);
        expect([...(parsed.get(name)?.bytes ?? [])]).toEqual([...bytes]);
      }
    },
  );

  it("skips metadata of every shape and heeds the alignment in it", () => {
    const file = writeGguf({ a: one, b: one }, { metadata, alignment: 64 });
    expect(parseGguf(file, "x.gguf").size).toBe(2);
    const begin = (name: string): number | undefined =>
      readGgufHeader(file, file.length, "x.gguf")?.get(name)?.begin;
    expect(begin("b")).toBe((begin("a") ?? 0) + 64);
  });

  it("takes a file that ends without padding after the last tensor", () => {
    const file = writeGguf({ a: one });
    expect(codeOf(file.slice(0, file.length - 28))).toBe("parsed");
    expect(codeOf(file.slice(0, file.length - 29))).toBe("model-file-truncated");
  });

  it("asks for more of a header that goes on, and answers once it has it all", () => {
    const file = writeGguf({ a: one }, { metadata, alignment: 64 });
    const header = file.length - 64;
    expect(readGgufHeader(file.slice(0, 40), file.length, "x.gguf")).toBeNull();
    const ranges = readGgufHeader(file.slice(0, header), file.length, "x.gguf");
    expect(ranges?.get("a")).toEqual({ type: "F32", shape: [1], begin: header, end: header + 4 });
  });

  test.prop([anyTensors, fc.double({ min: 0, max: 0.99, noNaN: true })])(
    "never takes a file that was cut short before its padding",
    (tensors, fraction) => {
      const file = writeGguf(tensors);
      const cut = Math.floor((file.length - 32) * fraction);
      expect(codeOf(file.slice(0, Math.max(0, cut)))).toBe("model-file-truncated");
    },
  );

  test.prop([fc.uint8Array({ maxLength: 200 })])(
    "throws only SottoErrors at random bytes",
    (bytes) => {
      expect(codeOf(Uint8Array.from(bytes))).toMatch(
        /^model-(file-(truncated|malformed)|unsupported)$/,
      );
    },
  );

  const claims = (tensors: bigint, entries: bigint): Uint8Array<ArrayBuffer> => {
    const file = writeGguf({});
    const view = new DataView(file.buffer);
    view.setBigUint64(8, tensors, true);
    view.setBigUint64(16, entries, true);
    return file;
  };
  let nested = entry("deep", 9);
  for (let depth = 0; depth < 50; depth += 1)
    nested = Uint8Array.from([...nested, ...uint32(9), ...uint64(1)]);
  it.each([
    ["another magic", writeGguf({}).fill(0, 0, 4)],
    ["more tensors than the limit", claims(BigInt(MAX_TENSORS) + 1n, 0n)],
    ["more metadata than the limit", claims(0n, BigInt(MAX_GGUF_METADATA) + 1n)],
    ["a count past 2^53", claims(2n ** 60n, 0n)],
    [
      "a string longer than any header",
      writeGguf({}, { metadata: [entry("a", 8, uint64(2 ** 40))] }),
    ],
    [
      "an array longer than any header",
      writeGguf({}, { metadata: [entry("a", 9, uint32(10), uint64(2 ** 40))] }),
    ],
    ["an unknown metadata type", writeGguf({}, { metadata: [entry("a", 13)] })],
    ["metadata nested deeply", writeGguf({}, { metadata: [nested] })],
    ["an alignment of 3", writeGguf({}, { metadata: [entry("general.alignment", 4, uint32(3))] })],
    ["a name that is too long", writeGguf({ ["x".repeat(600)]: one })],
    ["five axes", writeGguf({ a: { ...one, shape: [1, 1, 1, 1, 1] } })],
    ["a product past 2^53", writeGguf({ a: { ...one, shape: [2 ** 40, 2 ** 40] } })],
    ["rows that are no whole blocks", writeGguf({ a: { ...one, type: "Q8_0", shape: [2, 16] } })],
    ["a gap between tensors", writeGguf({ a: { ...one, bytes: new Uint8Array(64) }, b: one })],
    ["two tensors over the same bytes", writeGguf({ a: { ...one, shape: [32] }, b: one })],
    ["bytes after the last tensor", writeGguf({ a: { ...one, bytes: new Uint8Array(64) } })],
  ])("calls %s malformed", (_, file) => {
    expect(codeOf(file)).toBe("model-file-malformed");
  });

  it.each([
    ["version 1", writeGguf({}, { version: 1 })],
    ["big-endian version 3", writeGguf({}, { version: 0x03000000 })],
    ["the type Q5_0", writeGguf({ a: { ...one, type: 6, shape: [32] } })],
  ])("calls %s unsupported", (_, file) => {
    expect(codeOf(file)).toBe("model-unsupported");
  });

  it("refuses a header that never ends instead of asking for more of it", () => {
    const file = writeGguf({}, { metadata: [entry("a", 8, uint64(MAX_GGUF_HEADER_BYTES))] });
    expect(() => readGgufHeader(file, 2 ** 40, "x.gguf")).toThrow(/\[model-file-malformed\]/);
  });

  it("survives 10 000 mutated files: an error of its own, or ranges inside the file", () => {
    const file = writeGguf(
      { a: one, "b.weight": { type: "Q8_0", shape: [2, 32], bytes: new Uint8Array(68) }, c: one },
      { metadata, alignment: 64 },
    );
    const outcomes = new Map<string, number>();
    for (const mutant of mutate(file, 10_000)) {
      const code = codeOf(mutant);
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      if (code !== "parsed") continue;
      // Views, not copies: what a mutant claims allocates nothing.
      for (const { bytes } of parseGguf(mutant, "x").values())
        expect(bytes.buffer).toBe(mutant.buffer);
    }
    expect([...outcomes.keys()].toSorted()).toEqual([
      "model-file-malformed",
      "model-file-truncated",
      "model-unsupported",
      "parsed",
    ]);
  });
});
