import { describe, expect, test } from "vitest";

import { SottoError } from "../src/shared/errors.ts";
import { parseConverseArguments } from "./converse-arguments.ts";

describe("parseConverseArguments", () => {
  test("has defaults for all but the input", () => {
    expect(parseConverseArguments(["in.wav"])).toEqual({
      input: "in.wav",
      out: null,
      json: null,
      trace: null,
      model: "public/models/wren",
      seed: null,
      threads: 2,
      tailSeconds: 4,
    });
  });

  test("takes every option", () => {
    const args =
      "--seed 7 --out o.wav in.wav --json j.json --trace t.json --model m --threads 1 --tail 0.5";
    expect(parseConverseArguments(args.split(" "))).toEqual({
      input: "in.wav",
      out: "o.wav",
      json: "j.json",
      trace: "t.json",
      model: "m",
      seed: 7,
      threads: 1,
      tailSeconds: 0.5,
    });
  });

  test.each([["--json in.wav"], ["in.wav --json"], ["--json --seed 1 in.wav"]])(
    "%s prints JSON on standard output",
    (line) => {
      expect(parseConverseArguments(line.split(" "))).toMatchObject({ input: "in.wav", json: "-" });
    },
  );

  test.each([
    ["", /no input file/],
    ["a.wav b.wav", /not also b\.wav/],
    ["a.wav --loud", /--loud/],
    ["a.wav --seed x", /--seed is a whole number.*"x"/],
    ["a.wav --seed 1.5", /--seed/],
    ["a.wav --tail -1", /--tail/],
    ["a.wav --tail=-1", /--tail is a number from 0/],
    ["a.wav --threads 0", /--threads/],
    ["a.wav --out", /--out/],
  ])("refuses %j", (line, message) => {
    const parse = (): unknown => parseConverseArguments(line.split(" ").filter(Boolean));
    expect(parse).toThrow(message);
    expect(parse).toThrow(SottoError);
  });
});
