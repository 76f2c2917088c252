import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { mutate } from "./mutations-fixture.ts";
import { floats, joinFile, writeSafetensors } from "./safetensors-fixture.ts";
import { parseSafetensors } from "./safetensors.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";

const file = writeSafetensors({
  "a.weight": floats([2, 2], [1, 2, 3, 4]),
  b: { type: "I64", shape: [1], bytes: new Uint8Array(8) },
  empty: { type: "BF16", shape: [0, 3], bytes: new Uint8Array() },
});

function outcome(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof SottoError) return thrown.code;
    throw thrown;
  }
  return "parsed";
}

describe("readSafetensorsHeader", () => {
  it("finds the tensors from the header alone", () => {
    const dataStart = file.length - 24;
    const ranges = readSafetensorsHeader(file.slice(0, dataStart), file.length, "x");
    expect(ranges?.get("a.weight")).toEqual({
      type: "F32",
      shape: [2, 2],
      begin: dataStart,
      end: dataStart + 16,
    });
    expect(ranges?.get("b")).toMatchObject({ begin: dataStart + 16, end: file.length });
  });

  it("asks for more when the header goes on", () => {
    expect(readSafetensorsHeader(file.slice(0, 4), file.length, "x")).toBeNull();
    expect(readSafetensorsHeader(file.slice(0, file.length - 25), file.length, "x")).toBeNull();
  });

  it("tells a file that is too short for its header or its tensors", () => {
    const cut = (bytes: number) => outcome(() => readSafetensorsHeader(file, bytes, "x"));
    for (const bytes of [0, 7, 40, file.length - 1])
      expect(cut(bytes)).toBe("model-file-truncated");
    expect(cut(file.length + 1)).toBe("model-file-malformed");
  });

  it("judges 10 000 mutated files as the parser of whole files does", () => {
    for (const mutant of mutate(file, 10_000)) {
      const whole = outcome(() => parseSafetensors(mutant, "x"));
      expect(outcome(() => readSafetensorsHeader(mutant, mutant.length, "x"))).toBe(whole);
    }
    const prototype = joinFile('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
    expect(outcome(() => readSafetensorsHeader(prototype, prototype.length, "x"))).toBe(
      outcome(() => parseSafetensors(prototype, "x")),
    );
  });
});
