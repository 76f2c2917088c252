import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { readModelHeader } from "./model-header.ts";
import { memoryRanges } from "./range-fixture.ts";
import { floats, writeSafetensors } from "./safetensors-fixture.ts";
import { joinShards, MAX_SHARDS, parseShardIndex, shardNames } from "./shards.ts";

const INDEX = {
  metadata: { total_size: 12 },
  weight_map: {
    a: "model-00001-of-00002.safetensors",
    b: "model-00002-of-00002.safetensors",
    c: "model-00001-of-00002.safetensors",
  },
};
const [FIRST, SECOND] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

async function codeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof SottoError) return thrown.code;
    throw thrown;
  }
}

describe("parseShardIndex", () => {
  it("tells which tensor is where, and each file once", () => {
    const index = parseShardIndex(INDEX, "i");
    expect([...index]).toEqual(Object.entries(INDEX.weight_map));
    expect(shardNames(index)).toEqual([FIRST, SECOND]);
  });

  const many = Array.from({ length: MAX_SHARDS + 1 }, (_, i) => [`t${i}`, `s${i}.safetensors`]);
  it.each([
    ["null", null],
    ["a list", []],
    ["no map", {}],
    ["a path", { weight_map: { a: "../a.safetensors" } }],
    ["a hidden file", { weight_map: { a: ".a.safetensors" } }],
    ["another format", { weight_map: { a: "a.bin" } }],
    ["a number", { weight_map: { a: 1 } }],
    ["a name that is too long", { weight_map: { ["x".repeat(600)]: "a.safetensors" } }],
    ["more files than the limit", { weight_map: Object.fromEntries(many) }],
  ])("refuses %s", async (_, json) => {
    expect(await codeOf(() => parseShardIndex(json, "i"))).toBe("model-file-malformed");
  });
});

describe("joinShards", () => {
  const index = parseShardIndex(INDEX, "i");
  const first = new Map([
    ["a", 1],
    ["c", 3],
  ]);
  it("joins in the index's order", () => {
    const shards = new Map([
      [FIRST, first],
      [SECOND, new Map([["b", 2]])],
    ]);
    expect([...joinShards(index, shards, "i")]).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
  });

  it("refuses a tensor that is listed and not there, and one that is there and not listed", async () => {
    const without = new Map([
      [FIRST, first],
      [SECOND, new Map<string, number>()],
    ]);
    expect(await codeOf(() => joinShards(index, without, "i"))).toBe("model-file-malformed");
    const extra = new Map([
      [FIRST, first],
      [
        SECOND,
        new Map([
          ["b", 2],
          ["a", 9],
        ]),
      ],
    ]);
    expect(await codeOf(() => joinShards(index, extra, "i"))).toBe("model-file-malformed");
  });
});

describe("readModelHeader", () => {
  const shards = {
    [FIRST]: writeSafetensors({ a: floats([1], [1]), c: floats([2], [3, 4]) }),
    [SECOND]: writeSafetensors({ b: floats([3], [5, 6, 7]) }),
    "model.safetensors.index.json": new TextEncoder().encode(JSON.stringify(INDEX)),
  };

  it("reads shards through their index", async () => {
    const header = await readModelHeader(memoryRanges(shards), "model.safetensors");
    const bytes = shards[FIRST]!.length + shards[SECOND]!.length;
    expect(header).toMatchObject({ files: [FIRST, SECOND], bytes });
    expect(header?.tensors.get("b")).toEqual({
      type: "F32",
      shape: [3],
      file: SECOND,
      begin: shards[SECOND]!.length - 12,
      end: shards[SECOND]!.length,
    });
  });

  it("prefers the whole file, and knows when there is neither", async () => {
    const files = { ...shards, "model.safetensors": shards[SECOND]! };
    const header = await readModelHeader(memoryRanges(files), "model.safetensors");
    expect(header?.files).toEqual(["model.safetensors"]);
    expect(await readModelHeader(memoryRanges({}), "model.safetensors")).toBeNull();
  });

  it("names a shard that is missing", async () => {
    const { [SECOND]: gone, ...rest } = shards;
    expect(gone).toBeDefined();
    const read = () => readModelHeader(memoryRanges(rest), "model.safetensors");
    expect(await codeOf(read)).toBe("model-file-missing");
  });
});
