import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { splitText } from "./embedding.ts";
import type { ScriptEntry } from "./script.ts";
import { ScriptReader } from "./script-reader.ts";

const CARD = 1000;
const WORD = 0;
const PAD = 3;
const entry = (...tokens: number[]): ScriptEntry => ({ text: String(tokens), tokens, padding: 0 });

/** The text tokens of a script whose model samples `sampled`, and then only PAD, until the script is over. */
function read(
  entries: readonly ScriptEntry[],
  ahead: number,
  sampled: readonly number[],
  maxPadding = 8,
) {
  const reader = new ScriptReader(entries, { textCard: CARD, ahead, maxPadding });
  const tokens: number[] = [];
  for (let step = 0; reader.endStep === null; step++) {
    if (step > 10_000) throw new Error("the script does not end");
    const sample = sampled[step] ?? PAD;
    const { onWord, otherwise } = reader.choose();
    tokens.push(sample === WORD ? onWord : otherwise);
    reader.advance(sample);
  }
  return { tokens, endStep: reader.endStep };
}

describe("a script, in a model with one text stream", () => {
  it("waits, says that a word begins, and gives its tokens", () => {
    const { tokens, endStep } = read([entry(50, 51), entry(60)], 0, [0, 0, 0, 0, 0, 0, 3, 0, 0]);
    // Two steps of padding come first; then the model is asked.
    expect(tokens).toEqual([3, 3, WORD, 50, 51, WORD, 60, 3]);
    expect(endStep).toBe(7);
  });
});

describe("a script, in a model with two text streams", () => {
  it("says in the second that a word begins, then the tokens of the word after the next", () => {
    const entries = [entry(50, 51), entry(60), entry(70, 71), entry(80)];
    const { tokens, endStep } = read(entries, 2, [3, 3, 0, 3, 0, 3, 0, 3, 0, 0, 0]);
    expect(tokens.map((token) => splitText(token, CARD))).toEqual([
      { main: PAD, second: -1 },
      { main: PAD, second: -1 },
      { main: 50, second: WORD },
      { main: 51, second: 70 },
      { main: 60, second: WORD },
      { main: PAD, second: 71 },
      { main: 70, second: WORD },
      { main: 71, second: 80 },
      { main: 80, second: WORD },
      { main: PAD, second: WORD },
    ]);
    expect(endStep).toBe(9);
  });

  it("keeps a pause, which is no word", () => {
    const pause = { text: "", tokens: [], padding: 3 };
    const { tokens } = read([pause, entry(50)], 2, Array<number>(20).fill(WORD));
    expect(tokens.map((token) => splitText(token, CARD).main)).toEqual([3, 3, 3, 3, 3, 50, 3]);
  });
});

const scripts = fc.record({
  entries: fc.array(
    fc.record({
      text: fc.constant(""),
      tokens: fc.array(fc.integer({ min: 4, max: CARD - 1 }), { maxLength: 4 }),
      padding: fc.integer({ min: 0, max: 12 }),
    }),
    { maxLength: 12 },
  ),
  ahead: fc.integer({ min: 0, max: 3 }),
  sampled: fc.array(fc.constantFrom(0, 3, 3, 17), { maxLength: 200 }),
  maxPadding: fc.integer({ min: 1, max: 8 }),
});

describe("any script, whatever the model samples", () => {
  test.prop([scripts])(
    "is fed whole and in order, and ends",
    ({ entries, ahead, sampled, maxPadding }) => {
      const { tokens } = read(entries, ahead, sampled, maxPadding);
      const halves = tokens.map((token) =>
        ahead === 0 ? { main: token, second: -1 } : splitText(token, CARD),
      );
      const spoken = halves.map(({ main }) => main).filter((token) => token > PAD);
      expect(spoken).toEqual(entries.flatMap((one) => one.tokens));

      const words = entries.filter((one) => one.tokens.length > 0);
      const announced = halves.filter(({ main, second }) => (ahead ? second : main) === WORD);
      // The end is announced too, where a second stream can.
      expect(announced).toHaveLength(words.length + (ahead > 0 ? 1 : 0));

      const early = halves.map(({ second }) => second).filter((token) => token > PAD);
      const later = words.slice(ahead).flatMap((one) => one.tokens);
      expect(early).toEqual(ahead === 0 ? [] : later.slice(0, early.length));
    },
  );

  test.prop([scripts])(
    "begins a word no sooner than its padding allows, and no later than the model may pad",
    ({ entries, ahead, sampled, maxPadding }) => {
      const reader = new ScriptReader(entries, { textCard: CARD, ahead, maxPadding });
      let since = 0;
      let before: ScriptEntry | null = null;
      for (let step = 0; reader.endStep === null; step++) {
        const { begun } = reader;
        reader.advance(sampled[step] ?? PAD);
        if (reader.begun === begun && reader.endStep === null) {
          since++;
          continue;
        }
        if (before !== null && before.tokens.length > 0) {
          const busy = ahead > 0 ? before.tokens.length - 1 : before.tokens.length;
          const least = Math.max(before.padding, busy);
          expect(since).toBeGreaterThanOrEqual(least);
          expect(since).toBeLessThanOrEqual(Math.max(least, maxPadding));
        }
        since = 0;
        before = entries[begun] ?? null;
      }
    },
  );
});
