import { describe, expect, it } from "vitest";
import { Checkpoint } from "./checkpoint.ts";
import { floats, writeSafetensors } from "./safetensors-fixture.ts";

const open = (): Checkpoint =>
  Checkpoint.parse(
    writeSafetensors({
      w: floats([2, 2], [1, 2, 3, 4]),
      n: { type: "I64", shape: [1], bytes: new Uint8Array(8) },
    }),
    "model.safetensors",
  );

describe("Checkpoint", () => {
  it("hands out floats, the same array every time", () => {
    const checkpoint = open();
    expect([...checkpoint.float("w", [2, 2]).data]).toEqual([1, 2, 3, 4]);
    expect(checkpoint.float("w", [null, 2])).toBe(checkpoint.float("w", [2, 2]));
    expect(checkpoint.shapeOf("w")).toEqual([2, 2]);
    expect(checkpoint.shapeOf("v")).toBeNull();
  });

  it("refuses a missing tensor, a wrong shape, and integers as floats", () => {
    const code = (read: () => unknown): unknown => {
      try {
        return read();
      } catch (thrown) {
        return (thrown as { code: unknown }).code;
      }
    };
    const checkpoint = open();
    expect(code(() => checkpoint.float("v", [1]))).toBe("model-shape-mismatch");
    expect(code(() => checkpoint.float("w", [2, 3]))).toBe("model-shape-mismatch");
    expect(code(() => checkpoint.float("w", [4]))).toBe("model-shape-mismatch");
    expect(code(() => checkpoint.float("n", [1]))).toBe("model-unsupported");
  });

  it("refuses a NaN in any tensor, and names it", () => {
    const file = writeSafetensors({ good: floats([1], [1]), bad: floats([2], [0, NaN]) });
    expect(() => Checkpoint.parse(file, "m.safetensors")).toThrow(/Tensor bad of m\.safetensors/);
    expect(() => Checkpoint.parse(file, "m.safetensors")).toThrow(/\[model-not-finite\]/);
  });
});
