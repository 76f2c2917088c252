import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readModelFiles } from "./model-files.ts";
import { floats, writeSafetensors } from "./safetensors-fixture.ts";
import { memorySource } from "./source.ts";

const text = (value: unknown): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));

const CONFIG = {
  dim: 64,
  moshi_name: "lm.safetensors",
  mimi_name: "mimi.safetensors",
  mimi_config_name: "mimi.json",
  tokenizer_name: "text.model",
};

/** A complete directory, with changes laid over it; `null` takes a file away. */
function directory(changes: Readonly<Record<string, Uint8Array<ArrayBuffer> | null>> = {}) {
  const files: Record<string, Uint8Array<ArrayBuffer> | null> = {
    "config.json": text(CONFIG),
    "lm.safetensors": writeSafetensors({ a: floats([1], [1]) }),
    "mimi.safetensors": writeSafetensors({ b: floats([1], [2]) }),
    "mimi.json": text({ sample_rate: 24000 }),
    "text.model": text("pieces"),
    ...changes,
  };
  const present = Object.entries(files).filter(
    (entry): entry is [string, Uint8Array<ArrayBuffer>] => entry[1] !== null,
  );
  return memorySource("https://models.example/wren/", new Map(present));
}

const failure = (changes: Parameters<typeof directory>[0]): Promise<unknown> =>
  readModelFiles(directory(changes)).then(
    () => "no failure",
    (thrown: { code: unknown }) => thrown.code,
  );

const manifestOf = (bytes: Uint8Array, over: object = {}): Uint8Array<ArrayBuffer> =>
  text({
    files: [
      {
        name: "text.model",
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
        ...over,
      },
    ],
  });

describe("readModelFiles", () => {
  it("reads the files that config.json names", async () => {
    const files = await readModelFiles(directory());
    expect(files.name).toBe("wren");
    expect(files.config["dim"]).toBe(64);
    expect(files.codecConfig).toEqual({ sample_rate: 24000 });
    expect(files.language.names()).toEqual(["a"]);
    expect(files.codec.names()).toEqual(["b"]);
    expect(files.tokenizer).toEqual(text("pieces"));
  });

  it("falls back to the published names, and to the published codec", async () => {
    const files = await readModelFiles(
      directory({
        "config.json": text({}),
        "model.safetensors": writeSafetensors({ c: floats([1], [1]) }),
        "tokenizer-e351c8d8-checkpoint125.safetensors": writeSafetensors({}),
      }),
    );
    expect(files.language.names()).toEqual(["c"]);
    expect(files.codecConfig).toBeNull();
    expect(files.tokenizer).toBeNull();
  });

  it.each([
    ["a missing config", { "config.json": null }, "model-file-missing"],
    ["missing weights", { "lm.safetensors": null }, "model-file-missing"],
    ["a missing codec config", { "mimi.json": null }, "model-file-missing"],
    ["a missing tokenizer", { "text.model": null }, "model-file-missing"],
    ["a config that is no JSON", { "config.json": text("{") }, "model-file-malformed"],
    ["a config that is a list", { "config.json": text("[]") }, "model-file-malformed"],
    [
      "a path as a file name",
      { "config.json": text({ moshi_name: "../x" }) },
      "model-file-malformed",
    ],
    [
      "a URL as a file name",
      { "config.json": text({ moshi_name: "https://x" }) },
      "model-file-malformed",
    ],
    ["truncated weights", { "lm.safetensors": new Uint8Array(7) }, "model-file-truncated"],
    [
      "weights that are not finite",
      { "mimi.safetensors": writeSafetensors({ b: floats([1], [Infinity]) }) },
      "model-not-finite",
    ],
    ["a broken manifest", { "manifest.json": text({ files: [{}] }) }, "model-file-malformed"],
    [
      "a file shorter than in the manifest",
      { "manifest.json": manifestOf(text("pieces"), { bytes: 7 }) },
      "model-file-truncated",
    ],
    [
      "a file that differs from the manifest",
      { "manifest.json": manifestOf(text("pieceS")) },
      "model-file-malformed",
    ],
  ])("refuses %s", async (_, changes, code) => {
    expect(await failure(changes)).toBe(code);
  });

  it("accepts files that match the manifest", async () => {
    expect(await failure({ "manifest.json": manifestOf(text("pieces")) })).toBe("no failure");
  });
});
