// The language model's contract on WASM, on the small Moshi-shaped fixture: seeds, settings, forcing, bad files.

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import type { SessionSettings } from "../../shared/protocol.ts";
import type { HostTensor } from "../graph/index.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { Checkpoint, type ExpectedShape } from "../weights/checkpoint.ts";
import { type LmConfig, parseLmConfig } from "./config.ts";
import { NOT_FORCED } from "./frame-graph.ts";
import type { StepOutput } from "../speech-model.ts";
import { createLanguageModel, type MoshiLanguageModel } from "./language-model.ts";
import type { TensorSource } from "./lm-weights.ts";

const FIXTURES = new URL("../../../e2e/fixtures/golden/", import.meta.url);
const SAMPLED: SessionSettings = {
  seed: 1,
  textTemperature: 0.7,
  textTopK: 25,
  audioTemperature: 0.8,
  audioTopK: 250,
};

let runtime: Runtime;
let config: LmConfig;
let weights: Checkpoint;
beforeAll(async () => {
  runtime = await openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode });
  const read = (file: string) => readFile(new URL(file, FIXTURES));
  config = parseLmConfig(JSON.parse(String(await read("lm_tiny_moshi.config.json"))));
  const file = "lm_tiny_moshi.weights.safetensors";
  weights = Checkpoint.parse(Uint8Array.from(await read(file)), file);
});
afterAll(() => runtime.dispose());

/** Text tokens and own codes of a session in which the user says the same thing in every frame. */
async function converse(model: MoshiLanguageModel, settings: SessionSettings, frames = 20) {
  await model.start(settings);
  const said: number[] = [];
  for (let f = 0; f < frames; f++) {
    const { textToken, ownCodes } = await model.step(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    said.push(textToken, ...(ownCodes ?? []));
  }
  return said;
}

describe("a session", () => {
  let model: MoshiLanguageModel;
  beforeAll(async () => {
    model = await createLanguageModel(runtime, config, weights);
  });
  afterAll(() => model.dispose());

  it("is a pure function of weights, settings, seed and what it hears", async () => {
    const first = await converse(model, SAMPLED);
    expect(await converse(model, { ...SAMPLED, seed: 2 })).not.toEqual(first);
    expect(await converse(model, SAMPLED)).toEqual(first);
  });

  it("with one candidate is the session at temperature 0", async () => {
    const greedy = await converse(model, { ...SAMPLED, textTemperature: 0, audioTemperature: 0 });
    expect(await converse(model, { ...SAMPLED, textTopK: 1, audioTopK: 1 })).toEqual(greedy);
  });

  it("yields own frame f − 1 at step f, and text at every step", async () => {
    await model.start(SAMPLED);
    for (let f = 0; f < 3; f++) {
      const output = await model.step(new Int32Array(8));
      expect(output.step).toBe(f + 1);
      expect(output.textToken).toBeGreaterThanOrEqual(0);
      expect(output.textToken).toBeLessThan(config.textCard);
      expect(output.ownCodes).toHaveLength(config.depQ);
    }
  });

  it.each<[change: Partial<SessionSettings>, setting: string]>([
    [{ textTemperature: -1 }, "textTemperature"],
    [{ audioTemperature: Number.NaN }, "audioTemperature"],
    [{ textTopK: 2.5 }, "textTopK"],
    [{ audioTopK: -3 }, "audioTopK"],
  ])("refuses %j", async (change, setting) => {
    const error = expect.objectContaining({
      code: "bad-argument",
      what: expect.stringContaining(setting),
    });
    await expect(model.start({ ...SAMPLED, ...change })).rejects.toEqual(error);
  });

  it("refuses codes that no embedding has", async () => {
    await model.start(SAMPLED);
    await expect(model.step(new Int32Array(8).fill(config.card + 1))).rejects.toThrow(
      /has the token/,
    );
  });
});

it("refuses a top-k that its graph was not built for, rather than to keep fewer", async () => {
  const model = await createLanguageModel(runtime, { ...config, card: 400 }, onesSource());
  await expect(model.start({ ...SAMPLED, audioTopK: 300 })).rejects.toThrow(/from 1 to 250/);
  await expect(model.start({ ...SAMPLED, audioTopK: 0 })).rejects.toThrow(/from 1 to 250/);
  await model.start({ ...SAMPLED, audioTopK: 250 });
  await model.dispose();
});

describe("forced tokens", () => {
  it("take the place of sampled ones, in what the step yields and in what follows", async () => {
    const model = await createLanguageModel(runtime, config, weights, { forcing: true });
    const free = await converse(model, SAMPLED);
    await model.start(SAMPLED);
    const forced = new Int32Array(1 + config.depQ).fill(NOT_FORCED);
    forced[0] = 7;
    forced[3] = 9;
    const said: number[] = [];
    for (let f = 0; f < 20; f++) {
      const { textToken, ownCodes } = await model.step(
        Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
        forced,
      );
      expect(textToken).toBe(7);
      expect(ownCodes?.[2]).toBe(9);
      said.push(textToken, ...(ownCodes ?? []));
    }
    expect(said).not.toEqual(free);
    await model.dispose();
  });

  it("change nothing when they are what would have been sampled", async () => {
    const tokens: Int32Array[] = [];
    const model = await createLanguageModel(runtime, config, weights, {
      forcing: true,
      trace: (step) => void tokens.push(step.tokens),
    });
    const free = await converse(model, SAMPLED, 6);
    const [, ...asSampled] = tokens.splice(0);
    await model.start(SAMPLED);
    const again: number[] = [];
    for (const forced of asSampled) {
      const { textToken, ownCodes } = await model.step(
        Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
        forced,
      );
      again.push(textToken, ...(ownCodes ?? []));
    }
    expect(again).toEqual(free);
    await model.dispose();
  });

  it("may be −1, the zero vector", async () => {
    const model = await createLanguageModel(runtime, config, weights, { forcing: true });
    await model.start(SAMPLED);
    const { textToken } = await model.step(
      new Int32Array(8),
      new Int32Array(1 + config.depQ).fill(-1),
    );
    expect(textToken).toBe(-1);
    await expect(model.step(new Int32Array(8))).resolves.toMatchObject({ step: 2 });
    await model.dispose();
  });
});

describe("a prompt", () => {
  /** What the user says in frame f. */
  const heard = (f: number) => Int32Array.from({ length: 8 }, (_, q) => (7 * f + q) % config.card);

  it.each([[delaysOf(1)], [delaysOf(2)]])(
    "of what a session said, heard and thought continues as that session (delays %j)",
    async (delays) => {
      const shape = { ...config, delays };
      const model = await createLanguageModel(runtime, shape, weights, { forcing: true });
      const frames = 14;
      const said: StepOutput[] = [];
      await model.start(SAMPLED);
      for (let f = 0; f < frames; f++) said.push(await model.step(heard(f)));
      // Step s, which user frame s − 1 drives, tells own frame s − delay and the text of own frame s.
      const delay = Math.max(...delays);
      const ownOf = (frame: number) => said[frame + delay - 1]?.ownCodes ?? new Int32Array(8);
      const first = await model.begin(SAMPLED);
      const textOf = (frame: number) => (frame === 0 ? first : said[frame - 1])?.textToken ?? NaN;

      const count = 6;
      const items = Array.from({ length: count }, (_, i) =>
        i === 0
          ? { text: 5, own: new Int32Array(8), user: new Int32Array(8) }
          : { text: textOf(i - 1), own: ownOf(i - 1), user: heard(i - 1) },
      );
      await model.start(SAMPLED, items);
      for (let f = count - 1; f < frames; f++) {
        expect(await model.step(heard(f))).toEqual(said[f]);
      }
      await model.dispose();
    },
  );

  it("that is in the ring already costs one step, and changes nothing", async () => {
    const prompt = Array.from({ length: 5 }, (_, i) => ({
      text: 4 + i,
      own: heard(i + 50),
      user: heard(i + 90),
    }));
    let runs = 0;
    const model = await createLanguageModel(runtime, config, weights, {
      forcing: true,
      trace: () => void runs++,
    });
    const session = async (seed: number, frames: number, items = prompt) => {
      const before = runs;
      await model.start({ ...SAMPLED, seed }, items);
      const cost = runs - before;
      const said: StepOutput[] = [];
      for (let f = 0; f < frames; f++) said.push(await model.step(heard(f)));
      return { cost, said };
    };
    const fresh = await session(1, 4);
    expect(fresh.cost).toBe(5);
    expect((await session(2, 4)).cost).toBe(1);
    expect(await session(1, 4)).toEqual({ ...fresh, cost: 1 });

    // Another prompt, no prompt, or a ring that has come round (its context is 12): from the beginning.
    const other = prompt.with(2, { text: 30, own: heard(3), user: heard(4) });
    expect((await session(1, 0, other)).cost).toBe(5);
    expect((await session(1, 7)).cost).toBe(5);
    expect((await session(1, 8)).cost).toBe(1);
    expect(await session(1, 4)).toEqual(fresh);
    expect((await session(1, 1, [])).cost).toBe(1);
    expect(await session(1, 4)).toEqual(fresh);
    await model.dispose();
  });

  it("is refused by a model that takes no forced tokens, and when it has other codebooks", async () => {
    const item = { text: 3, own: new Int32Array(8), user: new Int32Array(8) };
    const free = await createLanguageModel(runtime, config, weights);
    await expect(free.start(SAMPLED, [item])).rejects.toMatchObject({ code: "bad-argument" });
    await free.dispose();
    const model = await createLanguageModel(runtime, { ...config, prompted: true }, weights);
    const short = { ...item, own: new Int32Array(7) };
    await expect(model.start(SAMPLED, [short])).rejects.toMatchObject({ code: "bad-argument" });
    await model.dispose();
  });
});

it("runs a checkpoint of 16 sub-steps whose first 8 are Moshi's as Moshi", async () => {
  const moshi = await createLanguageModel(runtime, config, weights);
  const expected = await converse(moshi, SAMPLED, 8);
  await moshi.dispose();
  const json = JSON.parse(String(await readFile(new URL("lm_tiny_moshi.config.json", FIXTURES))));
  const persona = parseLmConfig({ ...json, model_type: "personaplex", dep_q: 16 });
  const model = await createLanguageModel(runtime, persona, twiceTheSets());
  expect(await converse(model, SAMPLED, 8)).toEqual(expected);
  await model.dispose();
});

describe("the end of the input", () => {
  const HEARD = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const saying = (token: number) =>
    new Int32Array(1 + config.depQ).fill(NOT_FORCED).fill(token, 0, 1);

  it("is over when the model says so, but not before it was told", async () => {
    const translating = { ...config, translates: true };
    const model = await createLanguageModel(runtime, translating, weights, { forcing: true });
    await model.start(SAMPLED);
    expect(await model.step(HEARD, saying(2))).toMatchObject({ textToken: 2, ended: false });
    expect(await model.step(HEARD, saying(5))).toMatchObject({ ended: false });
    const { step, ended } = await model.endOfInput();
    expect([step, ended]).toEqual([3, false]);
    expect(await model.step(HEARD, saying(5))).toMatchObject({ ended: false });
    expect(await model.step(HEARD, saying(2))).toMatchObject({ step: 5, ended: true });
    expect(await model.step(HEARD, saying(5))).toMatchObject({ ended: true });
    await model.start(SAMPLED);
    expect(await model.step(HEARD, saying(2))).toMatchObject({ ended: false });
    await model.dispose();
  });

  it("is a frame of initial tokens, which changes what follows", async () => {
    const model = await createLanguageModel(runtime, { ...config, translates: true }, weights);
    const run = async (last: () => Promise<unknown>) => {
      await model.start(SAMPLED);
      for (let f = 0; f < 5; f++) await model.step(HEARD);
      await last();
      const { textToken, ownCodes } = await model.step(HEARD);
      return [textToken, ...(ownCodes ?? [])];
    };
    const marked = await run(() => model.endOfInput());
    expect(await run(() => model.step(new Int32Array(8).fill(config.card)))).toEqual(marked);
    expect(await run(() => model.step(HEARD))).not.toEqual(marked);
    await model.dispose();
  });

  it("is refused by a model that does not know it", async () => {
    const model = await createLanguageModel(runtime, config, weights);
    await model.start(SAMPLED);
    await expect(model.endOfInput()).rejects.toMatchObject({ code: "bad-argument" });
    await model.dispose();
  });
});

describe("a model that only listens", () => {
  it("tells text and pauses, and has no codes to decode", async () => {
    const read = (file: string) => readFile(new URL(file, FIXTURES));
    const listener = parseLmConfig(JSON.parse(String(await read("lm_tiny_stt.config.json"))));
    const file = "lm_tiny_stt.weights.safetensors";
    const checkpoint = Checkpoint.parse(Uint8Array.from(await read(file)), file);
    const heads: Float32Array[] = [];
    const model = await createLanguageModel(runtime, listener, checkpoint, {
      trace: ({ extraHeads }) => void heads.push(extraHeads ?? new Float32Array()),
    });
    await model.start(listener.defaults);
    for (let f = 0; f < 3; f++) {
      const { textToken, ownCodes, pauses } = await model.step(new Int32Array(8).fill(f));
      expect(textToken).toBeLessThan(listener.textCard);
      expect(ownCodes).toBeNull();
      const classes = listener.extraHeads?.dim ?? NaN;
      const firsts = heads[f + 1]?.filter((_, i) => i % classes === 0);
      expect(pauses).toHaveLength(4);
      expect(pauses).toEqual(firsts);
    }
    await model.dispose();
  });

  it("may hold its text back", async () => {
    const delayed = { ...config, delays: [2, ...config.delays.slice(1)] };
    const model = await createLanguageModel(runtime, delayed, weights);
    await model.start(SAMPLED);
    const first = await model.step(new Int32Array(8));
    const second = await model.step(new Int32Array(8));
    expect(first.textToken).toBe(config.textCard);
    expect(second.textToken).toBeLessThan(config.textCard);
    await model.dispose();
  });
});

describe("a checkpoint that does not fit its config", () => {
  const rejection = (changed: Partial<LmConfig>, source: TensorSource = weights) =>
    createLanguageModel(runtime, { ...config, ...changed }, source).then(
      () => Promise.reject(new Error("it was accepted")),
      (error: unknown) => error,
    );

  it.each<[change: Partial<LmConfig>, tensor: RegExp]>([
    [{ textCard: 47 }, /text_emb\.weight.*\[49, 64\].*\[48, 64\]/],
    [{ layers: 3 }, /transformer\.layers\.2\.norm1\.alpha/],
    [{ card: 64 }, /emb\.0\.weight/],
  ])("%j names the tensor, what was found and what was expected", async (change, tensor) => {
    expect(await rejection(change)).toMatchObject({
      code: "model-shape-mismatch",
      what: expect.stringMatching(tensor),
    });
  });

  it("is refused for a tensor that would be left out in silence", async () => {
    const source: TensorSource = {
      float: (name, shape) => weights.float(name, shape),
      names: () => [...weights.names(), "transformer.layers.0.self_attn.in_proj_bias"],
    };
    expect(await rejection({}, source)).toMatchObject({
      code: "model-unsupported",
      what: expect.stringContaining("in_proj_bias"),
    });
  });
});

/** Delays of one text row, 8 own and 8 user codebooks, the first of each undelayed. */
function delaysOf(delay: number): number[] {
  const speaker = [0, ...Array.from({ length: 7 }, () => delay)];
  return [0, ...speaker, ...speaker];
}

/** The fixture with a second copy of every weight set of the depth transformer, as PersonaPlex's loader makes one. */
function twiceTheSets(): TensorSource {
  const fused = /^depformer\.layers\.\d+\.self_attn\./;
  const numbered = /^(depformer_in|linears|depformer\.layers\.\d+\.gating)\.(\d+)\./;
  return {
    names: () => [
      ...weights.names(),
      ...weights.names().flatMap((name) => {
        const set = numbered.exec(name)?.[2];
        return set === undefined ? [] : [name.replace(`.${set}.`, `.${Number(set) + 8}.`)];
      }),
    ],
    float: (name, shape) => {
      if (!fused.test(name)) return weights.float(name, shape);
      const once = weights.float(name, [(shape[0] ?? NaN) / 2, shape[1] ?? null]);
      return {
        dtype: "float32",
        shape: [2 * (once.shape[0] ?? NaN), once.shape[1] ?? NaN],
        data: Float32Array.from([...once.data, ...once.data]),
      };
    },
  };
}

/** Any tensor of any shape, all ones; widths that config.json leaves open are 8. */
function onesSource(): TensorSource {
  const made = new Map<string, HostTensor<"float32">>();
  return {
    names: () => [],
    float: (name: string, expected: ExpectedShape) => {
      const known = made.get(name);
      if (known) return known;
      const shape = expected.map((size) => size ?? 8);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1);
      const tensor = { dtype: "float32", shape, data } as const;
      made.set(name, tensor);
      return tensor;
    },
  };
}
