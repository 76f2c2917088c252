// Reads the vocabulary of a tokenizer file: a SentencePiece model, as Kyutai publishes (spec §6.6), or a
// Hugging Face tokenizer.json, as its converters and most trainers write. Pure; runs in the worker.

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { SottoError } from "../../shared/errors.ts";

/** A hostile file must not size an allocation by the ids in it. */
const MAX_PIECES = 1 << 20;
const OPENING_BRACE = 0x7b;

/** Field numbers and piece types of sentencepiece_model.proto. */
const MODEL_PIECES = 1;
const PIECE = { text: 1, type: 3 } as const;
/** UNKNOWN, CONTROL, UNUSED: not text. NORMAL, USER_DEFINED and BYTE are. */
const SILENT_TYPES = [2, 3, 5];

/** Pieces by id, without the ones that are no text. */
export function readPieces(file: Uint8Array): ReadonlyMap<number, string> {
  return file[0] === OPENING_BRACE ? readTokenizerJson(file) : readSentencePiece(file);
}

function readSentencePiece(file: Uint8Array): ReadonlyMap<number, string> {
  const pieces = new Map<number, string>();
  let id = 0;
  try {
    const model = new BinaryReader(file);
    while (model.pos < model.len) {
      const [field, wire] = model.tag();
      if (field !== MODEL_PIECES || wire !== WireType.LengthDelimited) {
        model.skip(wire, field);
        continue;
      }
      const { text, type } = readSentence(model.bytes());
      if (!SILENT_TYPES.includes(type)) pieces.set(id, text);
      id++;
    }
  } catch (cause) {
    throw malformed("it is neither a SentencePiece model nor JSON", cause);
  }
  if (id === 0) throw malformed("it has no pieces");
  return pieces;
}

function readSentence(bytes: Uint8Array): { text: string; type: number } {
  const reader = new BinaryReader(bytes);
  const sentence = { text: "", type: 1 };
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === PIECE.text && wire === WireType.LengthDelimited) sentence.text = reader.string();
    else if (field === PIECE.type && wire === WireType.Varint) sentence.type = reader.int32();
    else reader.skip(wire, field);
  }
  return sentence;
}

function readTokenizerJson(file: Uint8Array): ReadonlyMap<number, string> {
  const json = record(parse(file), "the file");
  if (isRecord(json["decoder"]) && json["decoder"]["type"] === "ByteLevel") {
    throw new SottoError(
      "model-unsupported",
      "The tokenizer has a byte-level vocabulary, which no Moshi-family model uses.",
      "Use the model's own SentencePiece file.",
    );
  }
  const pieces = new Map<number, string>();
  const add = (id: unknown, piece: unknown): void => {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= MAX_PIECES) {
      throw malformed(`it has a piece with the id ${JSON.stringify(id)}`);
    }
    if (typeof piece !== "string") throw malformed(`the piece with id ${id} is no string`);
    pieces.set(id, piece);
  };

  const vocab: unknown = record(json["model"], "model")["vocab"];
  if (Array.isArray(vocab)) {
    // Unigram: [piece, score] pairs in the order of their ids.
    for (const [id, entry] of vocab.entries()) add(id, Array.isArray(entry) ? entry[0] : entry);
  } else {
    for (const [piece, id] of Object.entries(record(vocab, "model.vocab"))) add(id, piece);
  }

  const added = json["added_tokens"] ?? [];
  if (!Array.isArray(added)) throw malformed("added_tokens is no list");
  for (const entry of added) {
    const token = record(entry, "an entry of added_tokens");
    add(token["id"], token["content"]);
    if (token["special"] === true) pieces.delete(token["id"] as number);
  }
  return pieces;
}

function parse(file: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file));
  } catch (cause) {
    throw malformed("it is not JSON", cause);
  }
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw malformed(`${what} is no object`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(reason: string, cause?: unknown): SottoError {
  return new SottoError(
    "model-file-malformed",
    `The tokenizer file cannot be read: ${reason}.`,
    "Download the model again, or check the directory that it was packed from.",
    cause,
  );
}
