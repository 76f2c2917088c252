// Text ids → text, one token at a time (spec §5.4). Pure; runs in the worker.
//
// Only id → piece is needed here. The tokenizer library (@huggingface/tokenizers) decodes whole sequences:
// it drops the space that begins a word and cannot hold half a UTF-8 character between two frames, so its
// decoder does not fit a stream of one token a frame. It is the right tool for prompts, which are encoded.

import type { TextPieces } from "../speech-model.ts";
import { readPieces } from "./tokenizer-file.ts";

/** EPAD (announces a word), BOS, EOS, PAD: never shown, whatever the vocabulary calls them. */
const CONTROL_TOKENS = 4;
const BYTE_PIECE = /^<0x([0-9A-Fa-f]{2})>$/;
const WORD_START = /\u2581/g;

/**
 * @param file a SentencePiece model, or a Hugging Face tokenizer.json converted from one
 * @throws SottoError `model-file-malformed`, or `model-unsupported` for a byte-level vocabulary
 */
export function textPieces(file: Uint8Array): TextPieces {
  const pieces = readPieces(file);
  // Not fatal: a byte sequence that the model breaks off shows as U+FFFD.
  const utf8 = new TextDecoder();

  return {
    push(token) {
      const piece = token < CONTROL_TOKENS ? undefined : pieces.get(token);
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
