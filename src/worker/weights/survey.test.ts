import { describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { CONFIGS } from "./configs-fixture.ts";
import { bandwidth, cacheBytes, frameBytes, frameWeights, neededSubSteps } from "./cost.ts";
import { manifest, MANIFEST_NAMES, type ManifestName } from "./manifests-fixture.ts";
import { memoryRanges, partialRanges, safetensorsHead } from "./range-fixture.ts";
import type { ElementType } from "./safetensors.ts";
import { type LanguageSurvey, type Survey, survey } from "./survey.ts";

type HeadTensor = readonly [name: string, type: ElementType, shape: readonly number[]];

const json = (value: unknown): { head: Uint8Array; bytes: number } => {
  const text = new TextEncoder().encode(JSON.stringify(value));
  return { head: text, bytes: text.length };
};

/** A published checkpoint as a header without weights: conditioners and the codec in F32, all else in BF16. */
function head(name: ManifestName) {
  const type = (tensor: string) =>
    name === "mimi" || tensor.startsWith("condition_provider.") ? "F32" : "BF16";
  return safetensorsHead(
    [...manifest(name)].map(([tensor, shape]) => [tensor, type(tensor), shape]),
  );
}

const surveys = new Map<ManifestName, Promise<Survey>>();

/** Made once for each: what a survey finds never changes. */
function surveyOf(name: ManifestName): Promise<Survey> {
  const known = surveys.get(name) ?? makeSurvey(name);
  surveys.set(name, known);
  return known;
}

function makeSurvey(name: ManifestName): Promise<Survey> {
  if (name === "mimi") {
    const files = { "mimi.safetensors": head(name), "c.json": json(CONFIGS.mimi) };
    const config = json({ mimi_name: "mimi.safetensors", mimi_config_name: "c.json" });
    return survey(partialRanges({ ...files, "config.json": config }));
  }
  const config = json({ ...CONFIGS[name], moshi_name: "m.safetensors" });
  return survey(partialRanges({ "m.safetensors": head(name), "config.json": config }));
}

async function languageOf(name: ManifestName): Promise<LanguageSurvey> {
  return (await surveyOf(name)).language!;
}

const weightsOf = ({ config, plan }: LanguageSurvey, subSteps: number) =>
  frameWeights(config, (tensor) => plan.recipes.get(tensor)?.shape ?? null, subSteps);

/** Spec §3.2 and §1.5: parameters, tensors. */
const SIZES: Readonly<Record<ManifestName, readonly [number, number]>> = {
  "moshi-7b": [7_687_729_152, 355],
  "personaplex-7b": [8_371_408_896, 475],
  "hibiki-1b": [1_799_907_840, 262],
  "hibiki-2b": [2_787_362_816, 327],
  "hibiki-zero-3b": [3_131_686_912, 408],
  "stt-1b": [989_253_632, 135],
  "stt-2.6b": [2_617_118_720, 323],
  "tts-1.6b": [1_836_550_272, 418],
  mimi: [96_151_393, 318],
};

/** Spec §7.2: millions of weights a step, in all and in temporal, text head and depth; then GB and GB/s at 16, 8.5, 5 and 4.5 bits. */
const COSTS = [
  ["moshi-7b", 7374.6, [6576.7, 131.1, 667.0], [14.75, 7.84, 4.61, 4.15], [184, 97.9, 57.6, 51.9]],
  [
    "personaplex-7b",
    7374.6,
    [6576.7, 131.1, 667.0],
    [14.75, 7.84, 4.61, 4.15],
    [184, 97.9, 57.6, 51.9],
  ],
  ["hibiki-1b", 1570.5, [822.1, 98.3, 650.1], [3.14, 1.67, 0.98, 0.88], [39.3, 20.9, 12.3, 11.0]],
  ["hibiki-2b", 2796.2, [1926.8, 122.9, 746.6], [5.59, 2.97, 1.75, 1.57], [69.9, 37.1, 21.8, 19.7]],
  [
    "hibiki-zero-3b",
    3537.6,
    [1761.6, 98.3, 1677.8],
    [7.08, 3.76, 2.21, 1.99],
    [88.4, 47.0, 27.6, 24.9],
  ],
  ["stt-1b", 838.5, [822.1, 16.4, 0], [1.68, 0.89, 0.52, 0.47], [21.0, 11.1, 6.6, 5.9]],
  ["stt-2.6b", 2474.4, [2466.3, 8.2, 0], [4.95, 2.63, 1.55, 1.39], [61.9, 32.9, 19.3, 17.4]],
  ["tts-1.6b", 2449.1, [956.3, 16.4, 1476.4], [4.9, 2.6, 1.53, 1.38], [61.2, 32.5, 19.1, 17.2]],
] as const satisfies readonly (readonly [ManifestName, number, ...(readonly number[])[]])[];

/** Spec §7.2: bytes of cache a step, and MB when full. */
const CACHES = [
  ["moshi-7b", 524_288, 1573],
  ["hibiki-1b", 131_072, 65.5],
  ["hibiki-2b", 245_760, 369],
  ["hibiki-zero-3b", 114_688, 344],
  ["stt-1b", 131_072, 98],
  ["stt-2.6b", 393_216, 147],
  ["tts-1.6b", 131_072, 65.5],
] as const;

describe("survey", () => {
  it.each(MANIFEST_NAMES)("counts %s as published, and knows every tensor", async (name) => {
    const found = await surveyOf(name);
    const part = (found.language ?? found.codec)!;
    const [parameters, tensors] = SIZES[name];
    expect({ parameters: part.parameters, tensors: part.tensors }).toEqual({ parameters, tensors });
    const { missing, unused, mismatched } = part.plan;
    expect([...missing, ...unused, ...mismatched]).toEqual([]);
    expect(part.bytes).toBe(head(name).bytes);
  });

  it.each(COSTS)(
    "counts what a frame of %s reads",
    async (name, total, millions, gigabytes, perSecond) => {
      const language = await languageOf(name);
      const weights = weightsOf(language, neededSubSteps(language.config));
      const counted = [weights.temporal, weights.textHead, weights.depth];
      for (const [i, expected] of millions.entries())
        expect(Math.abs(counted[i]! / 1e6 - expected)).toBeLessThan(0.11);
      const sum = counted.reduce((all, count) => all + count, 0);
      expect(Math.abs(sum / 1e6 - total)).toBeLessThan(0.06);
      for (const [i, bits] of [16, 8.5, 5, 4.5].entries()) {
        const bytes = frameBytes(weights, bits);
        expect(Math.abs(bytes / 1e9 - gigabytes[i]!)).toBeLessThan(0.006);
        const digit = perSecond[i]! > 100 ? 1 : 0.1;
        expect(Math.abs(bandwidth(bytes) / 1e9 - perSecond[i]!)).toBeLessThan(0.6 * digit);
      }
    },
  );

  it("counts PersonaPlex's sixteen sub-steps, of which eight are needed", async () => {
    const language = await languageOf("personaplex-7b");
    expect(neededSubSteps(language.config)).toBe(8);
    const { temporal, textHead, depth } = weightsOf(language, 16);
    expect((temporal + textHead + depth) / 1e6).toBeCloseTo(8041.5, 0);
    expect(neededSubSteps((await languageOf("tts-1.6b")).config)).toBe(32);
    expect(neededSubSteps((await languageOf("hibiki-2b")).config)).toBe(16);
  });

  it.each(CACHES)("counts the cache of %s", async (name, step, megabytes) => {
    const cache = cacheBytes((await languageOf(name)).config);
    expect(cache.step).toBe(step);
    expect(Math.abs(cache.full / 1e6 - megabytes)).toBeLessThan(0.6);
  });

  it("takes a directory without config.json for Moshi 7B, and for PersonaPlex by its heads", async () => {
    for (const name of ["moshi-7b", "personaplex-7b"] as const) {
      const { language } = await survey(partialRanges({ "model.safetensors": head(name) }));
      expect(language).toMatchObject({ configured: false, parameters: SIZES[name][0] });
      expect(language?.plan.missing).toEqual([]);
    }
  });

  it("sees through MLX's q4, and counts the same parameters", async () => {
    const tensors = [...manifest("moshi-7b")].flatMap(([name, shape]): HeadTensor[] => {
      const [rows = 0, columns = 0] = shape;
      if (shape.length !== 2 || name.startsWith("depformer.layers")) return [[name, "BF16", shape]];
      const mlx = name.replace("in_proj_weight", "in_proj.weight");
      const stem = mlx.slice(0, -"weight".length);
      return [
        [mlx, "U32", [rows, columns / 8]],
        [`${stem}scales`, "BF16", [rows, columns / 32]],
        [`${stem}biases`, "BF16", [rows, columns / 32]],
      ];
    });
    const q4 = safetensorsHead(tensors);
    const { language } = await survey(partialRanges({ "model.q4.safetensors": q4 }));
    expect(language?.parameters).toBe(SIZES["moshi-7b"][0]);
    expect(language?.plan.missing).toEqual([]);
    expect(language?.plan.unused).toEqual([]);
  });

  it("surveys one file, and the shards of one", async () => {
    const config = json(CONFIGS["stt-1b"]);
    const { language } = await survey(
      partialRanges({ "other.safetensors": head("stt-1b"), "config.json": config }),
      "other.safetensors",
    );
    expect(language?.files).toEqual(["other.safetensors"]);
    const { codec } = await survey(
      partialRanges({ "c.safetensors": head("mimi") }),
      "c.safetensors",
    );
    expect(codec?.parameters).toBe(SIZES.mimi[0]);

    const names = [...manifest("stt-1b")];
    const half = (from: number, to?: number) =>
      safetensorsHead(names.slice(from, to).map(([name, shape]) => [name, "BF16", shape]));
    const map = names.map(([name], i) => [name, i < 70 ? "a.safetensors" : "b.safetensors"]);
    const sharded = await survey(
      partialRanges({
        "config.json": config,
        "model.safetensors.index.json": json({ weight_map: Object.fromEntries(map) }),
        "a.safetensors": half(0, 70),
        "b.safetensors": half(70),
      }),
    );
    expect(sharded.language).toMatchObject({
      parameters: SIZES["stt-1b"][0],
      files: ["a.safetensors", "b.safetensors"],
    });
  });

  it.each([
    ["nothing", {}, "model-file-missing"],
    ["a config that is a list", { "config.json": json([]) }, "model-file-malformed"],
    ["a path for a name", { "config.json": json({ moshi_name: "../x" }) }, "model-file-malformed"],
    ["a file that is no JSON", { "config.json": head("mimi") }, "model-file-malformed"],
  ])("refuses %s", async (_, files, code) => {
    const failed = await survey(partialRanges(files)).catch((thrown: unknown) => thrown);
    expect(failed).toBeInstanceOf(SottoError);
    expect((failed as SottoError).code).toBe(code);
    await expect(survey(memoryRanges({}), "x.gguf")).rejects.toThrow(/model-file-missing/);
  });
});
