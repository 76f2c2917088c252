import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { NO_CAPTIONS, pushPiece, type Captions } from "./captions.ts";

function play(pieces: readonly (readonly [frame: number, piece: string])[]): Captions {
  return pieces.reduce(
    (captions, [frame, piece]) => pushPiece(captions, frame, piece),
    NO_CAPTIONS,
  );
}

describe("pushPiece", () => {
  test("joins pieces of a word and keeps the space where a word begins", () => {
    const { turns } = play([
      [3, " a"],
      [4, " large"],
      [5, ""],
      [9, " lat"],
      [10, "te"],
    ]);
    expect(turns.map((turn) => turn.text)).toEqual(["a large latte"]);
  });

  test("begins a new turn after a long pause, with a new id", () => {
    const { turns } = play([
      [3, " hello"],
      [60, " bye"],
    ]);
    expect(turns).toEqual([
      { id: 1, text: "hello" },
      { id: 2, text: "bye" },
    ]);
  });

  test("begins a new turn when a new talk counts frames from the start again", () => {
    const { turns } = play([
      [300, " bye"],
      [4, " hello"],
    ]);
    expect(turns.map((turn) => turn.text)).toEqual(["bye", "hello"]);
  });

  test.prop([fc.array(fc.tuple(fc.nat(30), fc.constantFrom("", " a", "b", " cd", " ")))])(
    "loses no letter, repeats none and keeps ids rising",
    (steps) => {
      let frame = 0;
      const pieces = steps.map(([gap, piece]) => [(frame += gap + 1), piece] as const);
      const { turns } = play(pieces);
      const letters = (text: string) => text.replaceAll(" ", "");
      const ids = turns.map((turn) => turn.id);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      expect(new Set(ids).size).toBe(ids.length);
      expect(letters(pieces.map(([, piece]) => piece).join(""))).toContain(
        letters(turns.map((turn) => turn.text).join("")),
      );
      if (turns.length < 40) {
        expect(letters(turns.map((turn) => turn.text).join(""))).toBe(
          letters(pieces.map(([, piece]) => piece).join("")),
        );
      }
    },
  );
});
