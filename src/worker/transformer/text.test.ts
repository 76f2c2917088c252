import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { textPieces } from "./text.ts";

const bytes = (text: string) =>
  [...new TextEncoder().encode(text)].map((b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);

const PIECES = ["<unk>", "<s>", "</s>", "<pad>", "▁a", "▁large", "▁lat", "te", "!", ...bytes("é😀")];
const UNIGRAM = {
  added_tokens: [{ id: 3, content: "<pad>", special: true }],
  decoder: { type: "Metaspace" },
  model: { type: "Unigram", vocab: PIECES.map((piece) => [piece, 0]) },
};

function read(tokenizer: unknown, ids: readonly number[]): string {
  const pieces = textPieces(tokenizer);
  return ids.map((id) => pieces.push(id)).join("");
}

describe("textPieces", () => {
  it("joins pieces, begins words with a space, and hides padding and control tokens", () => {
    expect(read(UNIGRAM, [1, 3, 0, 4, 3, 0, 5, 3, 0, 6, 7, 3, 8, 2])).toBe(" a large latte!");
  });

  it("reads id → piece tables of BPE and WordLevel files", () => {
    const vocab = Object.fromEntries(PIECES.map((piece, id) => [piece, id]));
    expect(read({ model: { type: "BPE", vocab } }, [5, 6, 7])).toBe(" large latte");
  });

  it("joins byte pieces into characters, over any padding between them", () => {
    const pieces = textPieces(UNIGRAM);
    const shown = [9, 3, 10, 11, 12, 13, 14].map((id) => pieces.push(id));
    expect(shown).toEqual(["", "", "é", "", "", "", "😀"]);
  });

  it("shows a character that breaks off as U+FFFD, and forgets it on reset", () => {
    const pieces = textPieces(UNIGRAM);
    expect([9, 5].map((id) => pieces.push(id)).join("")).toBe("\uFFFD large");
    pieces.push(9);
    pieces.reset();
    expect(pieces.push(5)).toBe(" large");
  });

  it("shows nothing for special tokens and ids without a piece", () => {
    const special = { ...UNIGRAM, added_tokens: [{ id: 5, content: "▁large", special: true }] };
    expect(read(special, [5, 500, -1])).toBe("");
  });

  it.each([
    ["nothing", null, "model-file-malformed"],
    ["no vocabulary", { model: {} }, "model-file-malformed"],
    ["a piece that is no string", { model: { vocab: [[1, 0]] } }, "model-file-malformed"],
    ["a huge id", { model: { vocab: { x: 2 ** 40 } } }, "model-file-malformed"],
    ["bytes for letters", { decoder: { type: "ByteLevel" }, model: { vocab: {} } }, "model-unsupported"],
  ])("refuses a file with %s", (_, file, code) => {
    expect(() => textPieces(file)).toThrow(expect.objectContaining({ code }) as SottoError);
  });
});
