// Feeds a script to a text-to-speech model: the model says when a word begins, this says which text token goes in
// (spec §5.9). The token of either answer is known before the step, so that a step stays one run. Pure; worker.

import { muxText } from "./embedding.ts";
import type { ScriptEntry } from "./script.ts";
import { PAD, WORD } from "./text-tokens.ts";

export interface ScriptReaderOptions {
  /** Text vocabulary of the model. */
  readonly textCard: number;
  /** How many words ahead the second text stream runs; 0: the model has none. */
  readonly ahead: number;
  /** Steps at most between the beginnings of two words, when nothing is forced. */
  readonly maxPadding?: number;
  /** Steps of padding at the start, so that the first word is not cut. */
  readonly initialPadding?: number;
}

/** The text token of a step, by what the model samples. */
export interface TextChoice {
  /** When it samples WORD. */
  readonly onWord: number;
  readonly otherwise: number;
}

/** Where a script has got to. Never changed: a step makes the next one. */
interface Place {
  /** Entries that have begun. */
  readonly begun: number;
  /** Tokens still to go into the main stream, and into the second. */
  readonly main: readonly number[];
  readonly second: readonly number[];
  /** Steps in which the model may still pad, and in which it must. */
  readonly mayPad: number;
  readonly mustPad: number;
  /** The step that asked for a word when there was none left. */
  readonly endStep: number | null;
}

export class ScriptReader {
  readonly #entries: readonly ScriptEntry[];
  readonly #textCard: number;
  readonly #ahead: number;
  readonly #maxPadding: number;
  #step = 0;
  #place: Place;

  constructor(
    entries: readonly ScriptEntry[],
    { textCard, ahead, maxPadding = 8, initialPadding = 2 }: ScriptReaderOptions,
  ) {
    this.#entries = entries;
    this.#textCard = textCard;
    this.#ahead = ahead;
    this.#maxPadding = maxPadding;
    this.#place = {
      begun: 0,
      main: [],
      second: [],
      mayPad: initialPadding,
      mustPad: initialPadding,
      endStep: null,
    };
  }

  /** The step at which the script was over, or null. Speech goes on for the model's delay after it. */
  get endStep(): number | null {
    return this.#place.endStep;
  }

  /** Entries that have begun. */
  get begun(): number {
    return this.#place.begun;
  }

  /** The text tokens of the next step: one is taken instead of what the model samples. */
  choose(): TextChoice {
    return { onWord: this.#next(WORD).token, otherwise: this.#next(PAD).token };
  }

  /** Moves on past a step in which the model sampled `sampled`. */
  advance(sampled: number): void {
    this.#place = this.#next(sampled === WORD ? WORD : PAD).place;
    this.#step++;
  }

  #next(sampled: typeof WORD | typeof PAD): { token: number; place: Place } {
    const place = { ...this.#place };
    const begins =
      place.main.length === 0 && place.mustPad === 0 && (sampled === WORD || place.mayPad === 0);
    const announced = begins && this.#begin(place);
    if (!announced) {
      place.mayPad = Math.max(0, place.mayPad - 1);
      place.mustPad = Math.max(0, place.mustPad - 1);
    }
    const take = (queue: "main" | "second", none: number): number => {
      const [first = none, ...rest] = place[queue];
      place[queue] = rest;
      return first;
    };
    if (this.#ahead === 0) return { token: announced ? WORD : take("main", PAD), place };
    // The second stream says that a word begins, so that its first token need not wait a step.
    const second = announced ? WORD : take("second", -1);
    return { token: muxText(take("main", PAD), second, this.#textCard), place };
  }

  /** Takes up the next entry. → whether the model is told that a word begins: it is not of a pause. */
  #begin(place: { -readonly [K in keyof Place]: Place[K] }): boolean {
    const entry = this.#entries[place.begun];
    if (entry === undefined) {
      const first = place.endStep === null;
      place.endStep ??= this.#step;
      return first && this.#ahead > 0;
    }
    place.begun++;
    place.mustPad = entry.padding;
    if (entry.tokens.length === 0) return false;
    place.main = entry.tokens;
    place.mayPad = this.#maxPadding;
    if (this.#ahead > 0) {
      const later = this.#entries.slice(place.begun).filter(({ tokens }) => tokens.length > 0);
      place.second = [...place.second, ...(later[this.#ahead - 1]?.tokens ?? [])];
    }
    return true;
  }
}
