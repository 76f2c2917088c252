// Mutated copies of every kind of file that a model directory holds: an error of our own or a result, never a hang, a
// crash or an allocation that the file does not justify. GGUF and safetensors headers have theirs beside them.

import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { textPieces } from "../transformer/text.ts";
import { parseFileTensors } from "./file-tensors.ts";
import { writeGguf } from "./gguf-fixture.ts";
import { parseManifest } from "./manifest.ts";
import { mutate } from "./mutations-fixture.ts";
import { floats, writeSafetensors } from "./safetensors-fixture.ts";
import { parseShardIndex } from "./shards.ts";

const MUTANTS = 10_000;
/** Heap that reading all mutants of one small file may leave behind, with much room for the test runner's own. */
const MAX_LEFT_BYTES = 256 * 1024 * 1024;

const text = (value: unknown): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(JSON.stringify(value)));

/** A SentencePiece model: field 1 of each piece is its text, field 2 its score, field 3 its type. */
function sentencePieces(pieces: readonly (readonly [string, number])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    pieces.flatMap(([piece, type]) => {
      const bytes = [...new TextEncoder().encode(piece)];
      const message = [0x0a, bytes.length, ...bytes, 0x15, 0, 0, 0, 0xc0, 0x18, type];
      return [0x0a, message.length, ...message];
    }),
  );
}

const parsedJson = (parse: (json: unknown) => unknown) => (file: Uint8Array<ArrayBuffer>) => {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file));
  } catch {
    // Refused before it comes to our parsers.
    return null;
  }
  return parse(json);
};

const FILES: readonly [
  name: string,
  file: Uint8Array<ArrayBuffer>,
  read: (file: Uint8Array<ArrayBuffer>) => unknown,
][] = [
  [
    "a SentencePiece model",
    sentencePieces([
      ["<unk>", 2],
      ["<s>", 3],
      ["</s>", 3],
      ["<pad>", 3],
      ["▁he", 1],
      ["<0xC3>", 6],
    ]),
    textPieces,
  ],
  [
    "a tokenizer.json",
    text({
      model: {
        type: "Unigram",
        vocab: [
          ["<unk>", 0],
          ["▁a", -1],
          ["b", -2],
        ],
      },
      added_tokens: [],
    }),
    textPieces,
  ],
  [
    "a manifest",
    text({ files: [{ name: "model.safetensors", bytes: 12, sha256: "ab".repeat(32) }] }),
    parsedJson(parseManifest),
  ],
  [
    "an index of shards",
    text({ weight_map: { a: "a.safetensors", b: "b.safetensors" } }),
    parsedJson((json) => parseShardIndex(json, "i")),
  ],
  [
    "a checkpoint, GGUF or not",
    writeGguf({ a: { type: "F32", shape: [2], bytes: new Uint8Array(8) } }),
    (file) => parseFileTensors(file, "x"),
  ],
];

describe("mutated files", () => {
  it.each(FILES)(`survives ${MUTANTS} mutants of %s`, (_, file, read) => {
    const before = process.memoryUsage();
    const codes = new Set<string>();
    for (const mutant of mutate(file, MUTANTS)) {
      try {
        read(mutant);
        codes.add("read");
      } catch (thrown) {
        if (!(thrown instanceof SottoError)) throw thrown;
        codes.add(thrown.code);
      }
    }
    expect([...codes]).toContain("read");
    expect([...codes]).toContain("model-file-malformed");
    const allowed = ["read", "model-file-malformed", "model-file-truncated", "model-unsupported"];
    expect([...codes].filter((code) => !allowed.includes(code))).toEqual([]);
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(MAX_LEFT_BYTES);
  });

  it("tells the formats apart by their first bytes, whatever the name", () => {
    const safetensors = writeSafetensors({ a: floats([1], [1]) });
    expect(parseFileTensors(safetensors, "x.gguf").get("a")?.type).toBe("F32");
    const bytes = new Uint8Array(34);
    const gguf = writeGguf({ a: { type: "Q8_0", shape: [32], bytes } });
    expect(parseFileTensors(gguf, "x.safetensors").get("a")?.type).toBe("Q8_0");
  });
});
