import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { textPieces } from "./text.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const bytePieces = (text: string) =>
  [...encode(text)].map((b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);

const PIECES = [
  "<unk>",
  "<s>",
  "</s>",
  "<pad>",
  "▁a",
  "▁large",
  "▁lat",
  "te",
  "!",
  ...bytePieces("é😀"),
];
const UNIGRAM = {
  added_tokens: [{ id: 3, content: "<pad>", special: true }],
  decoder: { type: "Metaspace" },
  model: { type: "Unigram", vocab: PIECES.map((piece) => [piece, 0]) },
};

const jsonFile = (json: unknown) => encode(JSON.stringify(json));

/** A SentencePiece ModelProto with the given pieces; `types` are NORMAL (left out) unless given. */
function sentencePieceFile(
  pieces: readonly string[],
  types: Readonly<Record<number, number>> = {},
): Uint8Array {
  const writer = new BinaryWriter();
  for (const [id, piece] of pieces.entries()) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(piece).tag(2, WireType.Bit32).float(-1.5);
    if (types[id] !== undefined) writer.tag(3, WireType.Varint).int32(types[id]);
    writer.join();
  }
  // A trainer_spec, which is not read.
  return writer.tag(2, WireType.LengthDelimited).string("ignored").finish();
}

function read(file: Uint8Array, ids: readonly number[]): string {
  const pieces = textPieces(file);
  return ids.map((id) => pieces.push(id)).join("");
}

describe.each([
  ["tokenizer.json, Unigram", jsonFile(UNIGRAM)],
  [
    "tokenizer.json, a table of ids",
    jsonFile({ model: { type: "BPE", vocab: Object.fromEntries(PIECES.map((p, id) => [p, id])) } }),
  ],
  ["SentencePiece model", sentencePieceFile(PIECES, { 0: 2, 1: 3, 2: 3, 9: 6 })],
])("textPieces from a %s", (_, file) => {
  it("joins pieces, begins words with a space, and hides padding and control tokens", () => {
    expect(read(file, [1, 3, 0, 4, 3, 0, 5, 3, 0, 6, 7, 3, 8, 2])).toBe(" a large latte!");
  });

  it("joins byte pieces into characters, over any padding between them", () => {
    const pieces = textPieces(file);
    const shown = [9, 3, 10, 11, 12, 13, 14].map((id) => pieces.push(id));
    expect(shown).toEqual(["", "", "é", "", "", "", "😀"]);
  });

  it("shows a character that breaks off as U+FFFD, and forgets it on reset", () => {
    const pieces = textPieces(file);
    expect([9, 5].map((id) => pieces.push(id)).join("")).toBe("\uFFFD large");
    pieces.push(9);
    pieces.reset();
    expect(pieces.push(5)).toBe(" large");
  });

  it("shows nothing for ids without a piece", () => {
    expect(read(file, [500, -1])).toBe("");
  });
});

it("shows nothing for special and control pieces, wherever they stand", () => {
  const special = { ...UNIGRAM, added_tokens: [{ id: 5, content: "▁large", special: true }] };
  expect(read(jsonFile(special), [4, 5])).toBe(" a");
  expect(read(sentencePieceFile(PIECES, { 5: 3 }), [4, 5])).toBe(" a");
});

it.each([
  ["nothing", new Uint8Array(), "model-file-malformed"],
  ["something else", encode("PK\u0003\u0004 not a tokenizer"), "model-file-malformed"],
  [
    "a SentencePiece model that breaks off",
    sentencePieceFile(PIECES).subarray(0, 40),
    "model-file-malformed",
  ],
  ["JSON that breaks off", encode('{"model":'), "model-file-malformed"],
  ["no vocabulary", jsonFile({ model: {} }), "model-file-malformed"],
  ["a piece that is no string", jsonFile({ model: { vocab: [[1, 0]] } }), "model-file-malformed"],
  ["a huge id", jsonFile({ model: { vocab: { x: 2 ** 40 } } }), "model-file-malformed"],
  [
    "bytes for letters",
    jsonFile({ decoder: { type: "ByteLevel" }, model: { vocab: {} } }),
    "model-unsupported",
  ],
])("refuses a tokenizer file with %s", (_, file, code) => {
  expect(() => textPieces(file)).toThrow(expect.objectContaining({ code }));
});
