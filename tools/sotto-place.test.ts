import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPlace } from "./sotto-place.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sotto-place-"));
  await writeFile(join(folder, "model.gguf"), Uint8Array.of(1, 2, 3, 4));
});
afterAll(() => rm(folder, { recursive: true }));

describe("openPlace", () => {
  it("takes a folder, and reads parts of its files", async () => {
    const { source, file } = await openPlace(folder);
    expect(file).toBeNull();
    const opened = await source.open("model.gguf");
    expect(opened?.bytes).toBe(4);
    expect(await opened?.read(1, 3)).toEqual(Uint8Array.of(2, 3));
    await expect(opened?.read(2, 9)).rejects.toThrow(/model-file-truncated/);
    expect(await source.open("none")).toBeNull();
  });

  it("takes a file for itself in its folder", async () => {
    const { source, file } = await openPlace(join(folder, "model.gguf"));
    expect({ place: source.place, file }).toEqual({ place: folder, file: "model.gguf" });
  });

  it.each([
    ["kyutai/moshiko-mlx-q4", "https://huggingface.co/kyutai/moshiko-mlx-q4/resolve/main/", null],
    ["https://x.test/a/b.safetensors", "https://x.test/a/", "b.safetensors"],
    ["https://x.test/a/b%402.gguf?download=1", "https://x.test/a/", "b@2.gguf"],
    ["https://x.test/a", "https://x.test/a/", null],
    ["https://x.test/a/", "https://x.test/a/", null],
  ])("takes %s", async (place, base, name) => {
    const { source, file } = await openPlace(place);
    expect({ place: source.place, file }).toEqual({ place: base, file: name });
  });

  it("refuses what is none of these", async () => {
    await expect(openPlace("no such thing")).rejects.toThrow(/bad-argument/);
    await expect(openPlace("none/of/these")).rejects.toThrow(/bad-argument/);
  });
});
