// What cross attention reads, on WASM with the small TTS-shaped fixture. That the layers use it as the reference
// does, golden.test.ts shows.

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { Checkpoint } from "../weights/checkpoint.ts";
import type { ConditionValues, ConditionVectors } from "./conditions.ts";
import { type CrossCondition, type LmConfig, parseLmConfig } from "./config.ts";
import { crossMemory, positionEmbedding } from "./cross-attention.ts";

const FIXTURES = new URL("../../../e2e/fixtures/golden/", import.meta.url);
const POSITIONS = 3;

describe("positionEmbedding", () => {
  it("is cosines, then sines, of wavelengths up to the period", () => {
    const [c0, c1, s0, s1] = positionEmbedding(6, 4, 2).subarray(5 * 4);
    expect(c0).toBeCloseTo(2 * Math.cos(5));
    expect(c1).toBeCloseTo(2 * Math.cos(5 / 10_000));
    expect(s0).toBeCloseTo(2 * Math.sin(5));
    expect(s1).toBeCloseTo(2 * Math.sin(5 / 10_000));
  });

  it("with factor 0 adds nothing", () => {
    expect(positionEmbedding(3, 8, 0).every((value) => value === 0)).toBe(true);
  });
});

describe("crossMemory", () => {
  let runtime: Runtime;
  let config: LmConfig;
  let cross: CrossCondition;
  let weights: Checkpoint;
  let voice: ConditionVectors;
  beforeAll(async () => {
    const ort = { ortBase: "", loadOrt: loadOrtInNode };
    runtime = await openRuntime({ backend: "wasm", threads: 1, ...ort });
    const read = (file: string) => readFile(new URL(file, FIXTURES));
    config = parseLmConfig(JSON.parse(String(await read("lm_tiny_tts.config.json"))));
    if (config.cross === null) throw new Error("the fixture has no cross attention");
    cross = config.cross;
    const file = "lm_tiny_tts.weights.safetensors";
    weights = Checkpoint.parse(Uint8Array.from(await read(file)), file);
    const data = Float32Array.from({ length: POSITIONS * cross.width }, (_, i) => Math.sin(i));
    voice = { data, mask: [true, false, true] };
  });
  afterAll(() => runtime.dispose());

  const memory = (...branches: ConditionValues[]) =>
    crossMemory(runtime, config, cross, weights, branches);

  it("puts the learnt padding where the mask is false, whatever the vector", async () => {
    const other = { ...voice, data: voice.data.slice().fill(9, cross.width, 2 * cross.width) };
    const { vectors } = await memory({ speaker_wavs: voice });
    expect((await memory({ speaker_wavs: other })).vectors).toEqual(vectors);
    const padding = weights.float(`condition_provider.conditioners.${cross.name}.learnt_padding`, [
      1,
      1,
      config.dim,
    ]).data;
    const at = positionEmbedding(POSITIONS, config.dim, 1);
    for (let i = 0; i < config.dim; i++) {
      const expected = (padding[i] ?? NaN) + (at[config.dim + i] ?? NaN);
      expect(vectors[config.dim + i]).toBeCloseTo(expected, 6);
    }
  });

  it("lines up two branches as more heads; one without vectors is all padding", async () => {
    const both = await memory({ speaker_wavs: voice }, {});
    const silent = { ...voice, mask: [false, false, false] };
    const [first, second] = [
      await memory({ speaker_wavs: voice }),
      await memory({ speaker_wavs: silent }),
    ];
    expect(both.layers).toHaveLength(config.layers);
    for (const [layer, { keys, values }] of both.layers.entries()) {
      expect(keys.shape).toEqual([1, 2 * config.heads, POSITIONS, config.dim / config.heads]);
      for (const [got, kind] of [
        [keys, "keys"],
        [values, "values"],
      ] as const) {
        const alone = [first, second].flatMap((one) => [...(one.layers[layer]?.[kind].data ?? [])]);
        expect([...got.data]).toEqual(alone);
      }
    }
  });

  it.each<[what: string, values: () => ConditionValues[]]>([
    ["no vectors", () => [{}]],
    ["a word for vectors", () => [{ speaker_wavs: "loud" }]],
    ["no positions", () => [{ speaker_wavs: { data: new Float32Array(), mask: [] } }]],
    ["too few numbers", () => [{ speaker_wavs: { ...voice, data: voice.data.slice(1) } }]],
    [
      "branches of different lengths",
      () => [
        { speaker_wavs: voice },
        { speaker_wavs: { data: voice.data.slice(cross.width), mask: [true, true] } },
      ],
    ],
  ])("refuses %s", async (_, values) => {
    await expect(memory(...values())).rejects.toMatchObject({ code: "bad-argument" });
  });
});
