import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { SottoError } from "../shared/errors.ts";
import { parsePageOptions } from "./page-options.ts";

describe("parsePageOptions", () => {
  test("has defaults", () => {
    expect(parsePageOptions("")).toEqual({
      backend: "auto",
      modelUrl: "models/wren/",
      settings: {},
    });
  });

  test("reads what is given", () => {
    expect(parsePageOptions("?backend=wasm&model=tiny-2&seed=7")).toEqual({
      backend: "wasm",
      modelUrl: "models/tiny-2/",
      settings: { seed: 7 },
    });
  });

  test.each([
    "?backend=cuda",
    "?model=../x",
    "?model=//evil.example",
    "?seed=-1",
    "?seed=4294967296",
  ])("refuses %s", (query) => {
    expect(() => parsePageOptions(query)).toThrowError(
      expect.objectContaining({ code: "bad-argument" }),
    );
  });

  test.prop([fc.string(), fc.string(), fc.string()])(
    "any model stays below models/ on our own origin",
    (backend, model, seed) => {
      const query = new URLSearchParams({ backend, model, seed }).toString();
      try {
        const url = new URL(parsePageOptions(query).modelUrl, "https://sotto.example/page/");
        expect(url.origin).toBe("https://sotto.example");
        expect(url.pathname.startsWith("/page/models/")).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(SottoError);
      }
    },
  );
  test.prop([fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/)])(
    "keeps any directory name",
    (model) => {
      const url = new URL(
        parsePageOptions(`model=${model}`).modelUrl,
        "https://sotto.example/page/",
      );
      expect(url.pathname).toBe(`/page/models/${model}/`);
    },
  );
});
