import { describe, expect, it } from "vitest";
import { readScript } from "./script.ts";

/** A token a letter, from 100. */
const encode = (word: string) => Array.from(word, (letter) => 100 + letter.charCodeAt(0) - 97);
const words = (turns: string[], speakers = false) =>
  readScript(turns, { encode, speakers }).map(({ text }) => text);

describe("readScript", () => {
  it("cuts at white space and cleans up what the model was not trained with", () => {
    expect(words(["  it\u2019s  a:b\n(yes) "])).toEqual(["it's", "a", "b", "yes"]);
    expect(words(["", "   "])).toEqual([]);
  });

  it("makes pauses of whole frames, rounded half to even", () => {
    const entries = readScript([`a<break time="1s"/>b <break time="0.4s">c`], {
      encode,
      speakers: false,
    });
    expect(entries).toEqual([
      { text: "a", tokens: [100], padding: 0 },
      { text: "", tokens: [], padding: 12 },
      { text: "b", tokens: [101], padding: 0 },
      { text: "", tokens: [], padding: 5 },
      { text: "c", tokens: [102], padding: 0 },
    ]);
  });

  it("announces a speaker when another one has spoken, in models that know two", () => {
    const tokens = (turns: string[]) =>
      readScript(turns, { encode, speakers: true }).map((entry) => entry.tokens);
    expect(tokens(["a b", "c", "a"])).toEqual([[1, 100], [101], [2, 102], [1, 100]]);
    expect(tokens(["", "c", "", "d"])).toEqual([[2, 102], [103]]);
    expect(words(["a", "b"], true)).toEqual(["a", "b"]);
  });

  it("forces the padding that is asked for, and the steps of a word's own tokens", () => {
    const padding = readScript(["abc a"], { encode, speakers: true, paddingBetween: 1 }).map(
      (entry) => entry.padding,
    );
    expect(padding).toEqual([4, 1]);
  });
});
