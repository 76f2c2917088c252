// The live captions: text pieces of the inner monologue, one a frame, gathered into words and turns. Pure.

import { FRAME_MS } from "../shared/frame.ts";

/** One stretch of speech. `id` is stable, for keyed rendering. */
export interface CaptionTurn {
  readonly id: number;
  readonly text: string;
}

export interface Captions {
  readonly turns: readonly CaptionTurn[];
  /** Frame of the last piece that was not empty; null before the first. */
  readonly lastFrame: number | null;
}

export const NO_CAPTIONS: Captions = { turns: [], lastFrame: null };

/** A pause this long in the text begins a new turn: longer than any pause inside a sentence. */
const TURN_PAUSE_FRAMES = Math.round(1_600 / FRAME_MS);
/** Old turns leave the page, so that an hour's talk stays cheap to render. */
const MAX_TURNS = 40;

/** The captions after one frame's piece: "" for padding, a leading space where a word begins. */
export function pushPiece(captions: Captions, frame: number, piece: string): Captions {
  if (piece === "") return captions;
  const last = captions.turns.at(-1);
  const paused =
    captions.lastFrame === null ||
    frame - captions.lastFrame > TURN_PAUSE_FRAMES ||
    frame < captions.lastFrame;
  if (last === undefined || paused) {
    const text = piece.trimStart();
    // A piece of white space alone is no reason for a turn.
    if (text === "") return captions;
    const turn: CaptionTurn = { id: (last?.id ?? 0) + 1, text };
    return {
      turns: [...captions.turns, turn].slice(-MAX_TURNS),
      lastFrame: frame,
    };
  }
  const turn: CaptionTurn = { id: last.id, text: last.text + piece };
  return { turns: [...captions.turns.slice(0, -1), turn], lastFrame: frame };
}
