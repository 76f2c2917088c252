import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { parsePageOptions } from "./page-options.ts";

const PAGE = "https://sotto.example/page/?x";

describe("parsePageOptions", () => {
  test("has defaults", () => {
    expect(parsePageOptions("", PAGE)).toEqual({
      backend: "auto",
      modelUrl: "https://sotto.example/page/models/wren/",
      settings: {},
    });
  });

  test("reads what is given", () => {
    expect(parsePageOptions("?backend=wasm&model=tiny-2&seed=7", PAGE)).toEqual({
      backend: "wasm",
      modelUrl: "https://sotto.example/page/models/tiny-2/",
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
    expect(() => parsePageOptions(query, PAGE)).toThrowError(
      expect.objectContaining({ code: "bad-argument" }),
    );
  });

  const pathLike = fc.array(
    fc.constantFrom("a", ".", "..", "/", "\\", "%2f", ":", "@", "?", "#", " "),
  );
  test.prop([
    fc.oneof(
      fc.string(),
      pathLike.map((parts) => parts.join("")),
    ),
  ])("no model name leads out of models/ on our own origin", (model) => {
    try {
      const query = new URLSearchParams({ model }).toString();
      const url = new URL(parsePageOptions(query, PAGE).modelUrl);
      expect(url.origin).toBe("https://sotto.example");
      expect(url.pathname.startsWith("/page/models/")).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: "bad-argument" });
    }
  });

  test.prop([fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/)])(
    "keeps any directory name",
    (model) => {
      const url = new URL(parsePageOptions(`model=${model}`, PAGE).modelUrl);
      expect(url.pathname).toBe(`/page/models/${model}/`);
    },
  );
});
