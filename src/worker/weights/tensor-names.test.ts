import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parseMimiConfig } from "../codec/mimi-config.ts";
import { parseLmConfig } from "../transformer/config.ts";
import { type CanonicalTensors, codecTensors, languageTensors } from "./canonical.ts";
import { CONFIGS } from "./configs-fixture.ts";
import { manifest, MANIFEST_NAMES, type ManifestName } from "./manifests-fixture.ts";
import { parseSafetensors } from "./safetensors.ts";
import { planNames } from "./tensor-names.ts";

function canonicalOf(json: Readonly<Record<string, unknown>>): {
  canonical: CanonicalTensors;
  schedule: readonly number[];
} {
  if ("seanet" in json) return { canonical: codecTensors(parseMimiConfig(json)), schedule: [] };
  const config = parseLmConfig(json);
  return { canonical: languageTensors(config, json), schedule: config.depth?.schedule ?? [] };
}

type Shapes = Map<string, readonly number[]>;

/** A PyTorch checkpoint's names and shapes as MLX or candle have them, written from the published converters' rules. */
function convert(name: ManifestName, scheme: "mlx" | "candle"): Shapes {
  const mlx = scheme === "mlx";
  const { schedule } = canonicalOf(CONFIGS[name]);
  const sets = Math.max(...schedule) + 1;
  const slices = mlx ? "depformer.slices" : "depformer";
  const out: Shapes = new Map();
  const plain = (tensor: string, shape: readonly number[]): void => {
    if (!mlx) return void out.set(tensor, shape);
    const renamed = tensor
      .replace(/^emb\./, "audio_embs.")
      .replace("in_proj_weight", "in_proj.weight");
    if (tensor.endsWith(".alpha")) out.set(renamed.replace(".alpha", ".weight"), shape.slice(2));
    else out.set(renamed, shape);
  };
  for (const [tensor, shape] of manifest(name)) {
    const [head = "", ...rest] = tensor.split(".");
    const tail = rest.slice(1).join(".");
    const [rows = 0, columns = 0] = shape;
    if (head === "linears") out.set(`${slices}.${rest[0]}.linear_out.weight`, shape);
    else if (head === "depformer_text_emb") out.set(`${slices}.0.emb.${rest.join(".")}`, shape);
    else if (head === "depformer_emb")
      out.set(`${slices}.${Number(rest[0]) + 1}.emb.${tail}`, shape);
    else if (head === "depformer_in" || head === "depformer") {
      for (const [k, set] of schedule.entries()) {
        const at = `${slices}.${k}.transformer.layers.${rest[1]}`;
        if (head === "depformer_in") {
          if (Number(rest[0]) === set) out.set(`${slices}.${k}.linear_in.weight`, shape);
        } else if (rest[2] === "gating") {
          if (Number(rest[3]) === set) out.set(`${at}.gating.${rest.slice(4).join(".")}`, shape);
        } else if (rest[2] === "self_attn") {
          const projection = rest.slice(2).join(".");
          const inner = mlx ? projection.replace("in_proj_weight", "in_proj.weight") : projection;
          out.set(`${at}.${inner}`, [rows / sets, columns]);
        } else if (mlx) out.set(`${at}.${rest[2]}.weight`, shape.slice(2));
        else out.set(`${at}.${rest[2]}.alpha`, shape);
      }
    } else plain(tensor, shape);
  }
  return out;
}

/** The same with a linear module for every weight set, as PyTorch's modules are named. */
function split(name: ManifestName): Shapes {
  const sets = Math.max(0, ...canonicalOf(CONFIGS[name]).schedule) + 1;
  return new Map(
    [...manifest(name)].flatMap(([tensor, shape]) => {
      const found = /^(.*layers\.\d+\.self_attn)\.(in|out)_proj[._]weight$/.exec(tensor);
      if (!found) return [[tensor, shape] as const];
      const count = tensor.startsWith("depformer") ? sets : 1;
      const [rows = 0, columns = 0] = shape;
      return Array.from(
        { length: count },
        (_, g) => [`${found[1]}.${found[2]}_projs.${g}.weight`, [rows / count, columns]] as const,
      );
    }),
  );
}

function expectAllMapped(json: Readonly<Record<string, unknown>>, file: Shapes): void {
  const { canonical, schedule } = canonicalOf(json);
  const { recipes, missing, unused, mismatched } = planNames(canonical, file, schedule);
  expect({ missing, unused, mismatched }).toEqual({ missing: [], unused: [], mismatched: [] });
  expect([...recipes.keys()]).toEqual([...canonical.keys()]);
}

const LANGUAGE_NAMES = MANIFEST_NAMES.filter((name) => name !== "mimi");

describe("planNames", () => {
  it.each(MANIFEST_NAMES)("finds every tensor of %s, and nothing is left over", (name) => {
    expectAllMapped(CONFIGS[name], new Map(manifest(name)));
  });

  it.each(LANGUAGE_NAMES)("finds every tensor of %s in MLX's naming", (name) => {
    expectAllMapped(CONFIGS[name], convert(name, "mlx"));
  });

  it.each(LANGUAGE_NAMES)("finds every tensor of %s in candle's naming", (name) => {
    expectAllMapped(CONFIGS[name], convert(name, "candle"));
  });

  it.each(LANGUAGE_NAMES)("finds every tensor of %s with split projections", (name) => {
    expectAllMapped(CONFIGS[name], split(name));
  });

  it("finds the codec's codebooks under their old names", () => {
    const old = [...manifest("mimi")].map(([name, shape]) => {
      const older = name
        .replace("embedding_sum", "embed_avg")
        .replace("cluster_usage", "cluster_size")
        .replace("_initialized", "inited");
      return [older, shape] as const;
    });
    expectAllMapped(CONFIGS.mimi, new Map(old));
  });

  it("stacks the weight sets in the order of the schedule, and knows who shares one", () => {
    const { canonical, schedule } = canonicalOf(CONFIGS["hibiki-2b"]);
    const { recipes } = planNames(canonical, convert("hibiki-2b", "mlx"), schedule);
    const recipe = recipes.get("depformer.layers.3.self_attn.out_proj.weight");
    expect(recipe?.shape).toEqual([9 * 1024, 1024]);
    const at = (k: number): string =>
      `depformer.slices.${k}.transformer.layers.3.self_attn.out_proj.weight`;
    expect(recipe?.parts[2]).toEqual([at(2)]);
    expect(recipe?.parts[8]).toEqual([8, 9, 10, 11, 12, 13, 14, 15].map(at));
  });

  it("tells what is missing, what is left over and what has another shape", () => {
    const file = new Map(manifest("stt-1b"));
    file.delete("emb.3.weight");
    file.set("surprise.weight", [1]);
    file.set("text_linear.weight", [8001, 2048]);
    const { canonical, schedule } = canonicalOf(CONFIGS["stt-1b"]);
    const { missing, unused, mismatched } = planNames(canonical, file, schedule);
    expect({ missing, unused, mismatched }).toEqual({
      missing: ["emb.3.weight"],
      unused: ["surprise.weight"],
      mismatched: ["text_linear.weight"],
    });
  });

  it("takes the codec without the flags that nothing reads", () => {
    const file = [...manifest("mimi")].filter(([name]) => !name.endsWith("_initialized"));
    const { canonical, schedule } = canonicalOf(CONFIGS.mimi);
    const { missing, unused } = planNames(canonical, new Map(file), schedule);
    expect({ missing, unused }).toEqual({ missing: [], unused: [] });
  });
});

describe("the checkpoints of the reference's traces", () => {
  const folder = new URL("../../../e2e/fixtures/golden/", import.meta.url);
  it.each(["moshi", "hibiki2b", "hibikizero", "stt", "tts"].map((name) => `lm_tiny_${name}`))(
    "%s maps whole",
    async (name) => {
      const json: unknown = JSON.parse(
        String(await readFile(new URL(`${name}.config.json`, folder))),
      );
      const file = new Uint8Array(await readFile(new URL(`${name}.weights.safetensors`, folder)));
      const tensors = parseSafetensors(file, name);
      const shapes = new Map([...tensors].map(([tensor, { shape }]) => [tensor, shape]));
      expectAllMapped(json as Readonly<Record<string, unknown>>, shapes);
    },
  );
});
