// Text ids → text, one token at a time (spec §5.4), from a Hugging Face tokenizer.json. Pure; worker.
//
// Only id → piece is needed here. The tokenizer library (@huggingface/tokenizers) decodes whole sequences:
// it drops the space that begins a word and cannot hold half a UTF-8 character between two frames, so its
// decoder does not fit a stream of one token a frame. It is the right tool for prompts, which are encoded.

import { SottoError } from "../../shared/errors.ts";
import type { TextPieces } from "../speech-model.ts";

/** EPAD (announces a word), BOS, EOS, PAD: never shown, whatever the vocabulary calls them. */
const CONTROL_TOKENS = 4;
const BYTE_PIECE = /^<0x([0-9A-Fa-f]{2})>$/;
const WORD_START = /\u2581/g;
/** A hostile file must not size an allocation by the ids in it. */
const MAX_ID = 1 << 20;

/**
 * @param json a parsed tokenizer.json with a Unigram, BPE, WordPiece or WordLevel model whose pieces mark
 *   the start of a word with U+2581, as SentencePiece models do when they are converted.
 * @throws SottoError `model-file-malformed`, or `model-unsupported` for a byte-level vocabulary.
 */
export function textPieces(json: unknown): TextPieces {
  const pieces = readPieces(json);
  // Not fatal: a byte sequence that the model breaks off shows as U+FFFD.
  const utf8 = new TextDecoder();

  return {
    push(token) {
      const piece = pieces.get(token);
      if (piece === undefined) return "";
      const byte = BYTE_PIECE.exec(piece)?.[1];
      if (byte !== undefined) {
        return utf8.decode(Uint8Array.of(Number.parseInt(byte, 16)), { stream: true });
      }
      return utf8.decode() + piece.replace(WORD_START, " ");
    },
    reset() {
      utf8.decode();
    },
  };
}

/** Pieces by id, without what is never shown. */
function readPieces(json: unknown): ReadonlyMap<number, string> {
  const file = record(json, "the file");
  if (isRecord(file["decoder"]) && file["decoder"]["type"] === "ByteLevel") {
    throw new SottoError(
      "model-unsupported",
      "tokenizer.json has a byte-level vocabulary, which no Moshi-family model uses.",
      "Convert the model's own SentencePiece file.",
    );
  }
  const pieces = new Map<number, string>();
  const add = (id: unknown, piece: unknown): void => {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > MAX_ID) {
      throw malformed(`the id ${JSON.stringify(id)} of a piece`);
    }
    if (typeof piece !== "string") throw malformed(`the piece with id ${id}`);
    if (id >= CONTROL_TOKENS) pieces.set(id, piece);
  };

  const vocab: unknown = record(file["model"], "model")["vocab"];
  if (Array.isArray(vocab)) {
    // Unigram: [piece, score] pairs in the order of their ids.
    for (const [id, entry] of vocab.entries()) add(id, Array.isArray(entry) ? entry[0] : entry);
  } else {
    for (const [piece, id] of Object.entries(record(vocab, "model.vocab"))) add(id, piece);
  }

  const added = file["added_tokens"] ?? [];
  if (!Array.isArray(added)) throw malformed("added_tokens");
  for (const entry of added) {
    const token = record(entry, "an entry of added_tokens");
    add(token["id"], token["content"]);
    if (token["special"] === true && typeof token["id"] === "number") pieces.delete(token["id"]);
  }
  return pieces;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw malformed(what);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(what: string): SottoError {
  return new SottoError(
    "model-file-malformed",
    `tokenizer.json: ${what} is missing or of the wrong kind.`,
    "Download the model again, or check the directory that it was packed from.",
  );
}
