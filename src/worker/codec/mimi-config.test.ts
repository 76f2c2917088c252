import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { parseMimiConfig } from "./mimi-config.ts";

const FILE = new URL("../../../e2e/fixtures/golden/mimi_tiny.config.json", import.meta.url);
let text: string;
beforeAll(async () => {
  text = await readFile(FILE, "utf8");
});

/** The tiny codec's config with changes laid over one of its sections. */
function changed(section: string, changes: object): unknown {
  const config = JSON.parse(text) as Record<string, object>;
  return section === ""
    ? { ...config, ...changes }
    : { ...config, [section]: { ...config[section], ...changes } };
}

describe("parseMimiConfig", () => {
  it("reads a config file", () => {
    expect(parseMimiConfig(JSON.parse(text))).toEqual({
      dimension: 32,
      filters: 4,
      ratios: [8, 6, 5, 4],
      firstKernel: 7,
      residualKernel: 3,
      lastKernel: 3,
      compress: 2,
      transformer: { layers: 2, heads: 4, feedForward: 64, context: 10, maxPeriod: 10_000 },
      positions: 2,
      codebooks: 8,
      bins: 64,
      codebookDim: 16,
    });
  });

  it("takes other strides, and no transformer", () => {
    expect(parseMimiConfig(changed("seanet", { ratios: [8, 8, 6, 5] })).positions).toBe(1);
    expect(parseMimiConfig(changed("transformer", { num_layers: 0 })).transformer.layers).toBe(0);
  });

  it.each([
    ["no object", () => "x", "model-file-malformed"],
    ["a missing section", () => changed("", { seanet: undefined }), "model-file-malformed"],
    ["a width of 0", () => changed("seanet", { dimension: 0 }), "model-file-malformed"],
    ["a width past the limit", () => changed("seanet", { dimension: 1e9 }), "model-file-malformed"],
    ["strides that are no list", () => changed("seanet", { ratios: 8 }), "model-file-malformed"],
    ["a period of NaN", () => changed("transformer", { max_period: "x" }), "model-file-malformed"],
    [
      "a ring shorter than a frame",
      () => changed("transformer", { context: 1 }),
      "model-file-malformed",
    ],
    ["another sample rate", () => changed("", { sample_rate: 16_000 }), "model-unsupported"],
    ["another frame rate", () => changed("", { frame_rate: 25 }), "model-unsupported"],
    [
      "strides that do not fill a frame",
      () => changed("seanet", { ratios: [7] }),
      "model-unsupported",
    ],
    ["two residual blocks", () => changed("seanet", { n_residual_layers: 2 }), "model-unsupported"],
    ["another norm", () => changed("transformer", { norm: "rms_norm" }), "model-unsupported"],
    ["heads of odd width", () => changed("transformer", { num_heads: 32 }), "model-unsupported"],
  ])("refuses %s", (_, config, code) => {
    expect(() => parseMimiConfig(config())).toThrow(expect.objectContaining({ code }));
  });
});
