// The language model against traces of the PyTorch reference in fp32 (spec §11), on WASM. The contexts of these
// models are 12 steps and the traces 41, so that every ring wraps three times.

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, type LoadOrt } from "../runtime/ort.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { Checkpoint } from "../weights/checkpoint.ts";
import { type LmConfig, parseLmConfig, userCodebooks } from "./config.ts";
import {
  createLanguageModel,
  type LanguageModelOptions,
  type StepTrace,
} from "./language-model.ts";

const FIXTURES = new URL("../../../e2e/fixtures/golden/", import.meta.url);
const GREEDY = { seed: 0, textTemperature: 0, textTopK: 0, audioTemperature: 0, audioTopK: 0 };
/** What the reference returns while the delay fills. */
const NOTHING_YET = -99;

const loadOrt: LoadOrt = async ({ threads }) => {
  const ort = await import("onnxruntime-web/wasm");
  configure(ort, threads);
  return ort;
};

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt });
});
afterAll(() => runtime.dispose());

const checkpoint = async (file: string): Promise<Checkpoint> =>
  Checkpoint.parse(Uint8Array.from(await readFile(new URL(file, FIXTURES))), file);

/** Runs the whole trace; `trace.user_codes[f]` is user frame f. */
async function run(
  name: string,
  config: LmConfig,
  reference: Checkpoint,
  options: LanguageModelOptions,
) {
  const steps: StepTrace[] = [];
  const weights = await checkpoint(`${name}.weights.safetensors`);
  const trace = (step: StepTrace) => void steps.push(step);
  const model = await createLanguageModel(runtime, config, weights, { ...options, trace });
  const user = reference.int("user_codes", [null, userCodebooks(config)]);
  await model.start(GREEDY);
  for (let f = 0; f < (user.shape[0] ?? 0); f++) {
    const width = userCodebooks(config);
    await model.step(user.data.slice(f * width, (f + 1) * width));
  }
  await model.dispose();
  return steps;
}

const CONDITIONED = { conditions: { description: "very_good" } };
const GUIDED = { ...CONDITIONED, guidance: { scale: 3, negative: { description: "very_bad" } } };

describe.each<[name: string, covers: string, options: LanguageModelOptions]>([
  ["lm_tiny_moshi", "Moshi's shape", {}],
  ["lm_tiny_hibikizero", "shared key/value heads, RoPE by halves, norms before the heads", {}],
  [
    "lm_tiny_hibiki2b",
    "delay 2, low-rank embeddings, shared weight sets, a condition",
    CONDITIONED,
  ],
  ["lm_tiny_hibiki2b_cfg3", "guidance by a second branch", GUIDED],
  ["lm_tiny_stt", "no depth transformer, no delay, extra heads", {}],
])("%s: %s", (name, _, options) => {
  it("gives the reference's logits, states, tokens and frames on every call", async () => {
    const config = parseLmConfig(
      JSON.parse(await readFile(new URL(`${name}.config.json`, FIXTURES), "utf8")),
    );
    const reference = await checkpoint(`${name}.trace.safetensors`);
    const steps = await run(name, config, reference, options);

    const { depQ, textCard, dim } = config;
    const branches = options.guidance ? 2 : 1;
    const expected = {
      textLogits: reference.float("text_logits_per_call", [null, textCard]).data,
      hidden: reference.float("transformer_out_per_call", [null, branches, dim]).data,
      frames: reference.int("outputs_per_call", [null, 1 + depQ]).data,
      audio: depQ === 0 ? null : reference.int("raw_audio_tokens_per_call", [null, depQ]).data,
    };
    expect(steps).toHaveLength(41);
    expect(steps.length * textCard).toBe(expected.textLogits.length);

    const worst = { textLogits: 0, hidden: 0, extraHeads: 0 };
    for (const [call, step] of steps.entries()) {
      worst.textLogits = Math.max(
        worst.textLogits,
        difference(step.textLogits, expected.textLogits, call),
      );
      worst.hidden = Math.max(worst.hidden, difference(step.hidden, expected.hidden, call));
      if (step.extraHeads && config.extraHeads) {
        const { count, dim: classes } = config.extraHeads;
        const heads = reference.float("extra_heads_softmax_per_call", [null, count, classes]).data;
        worst.extraHeads = Math.max(worst.extraHeads, difference(step.extraHeads, heads, call));
      }

      const frame = expected.frames.slice(call * (1 + depQ), (call + 1) * (1 + depQ));
      if (expected.audio) {
        const sampled = expected.audio.slice(call * depQ, (call + 1) * depQ);
        expect(step.tokens.slice(1)).toEqual(sampled);
        const own = step.ownCodes ?? new Int32Array(depQ).fill(NOTHING_YET);
        expect(own).toEqual(frame.slice(1));
      }
      // A frame carries the text token of the step that began it.
      const began = steps[call - Math.max(...config.delays)];
      expect(frame[0]).toBe(began ? began.tokens[0] : NOTHING_YET);
    }
    // The project's bound is 1e-3; these sums are all in fp32 and agree far better.
    expect(worst.textLogits).toBeLessThan(2e-5);
    expect(worst.hidden).toBeLessThan(2e-5);
    expect(worst.extraHeads).toBeLessThan(1e-5);
  });
});

/** Largest difference between `got` and row `row` of `all`. */
function difference(got: Float32Array, all: Float32Array, row: number): number {
  const expected = all.subarray(row * got.length, (row + 1) * got.length);
  return got.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] ?? NaN))),
    0,
  );
}
