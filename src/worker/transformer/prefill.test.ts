// A prompt run several steps at once against the same prompt run step by step, on WASM with the small fixtures.

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import type { PromptItem } from "../speech-model.ts";
import { Checkpoint } from "../weights/checkpoint.ts";
import { parseLmConfig, userCodebooks } from "./config.ts";
import { createLanguageModel, type StepTrace } from "./language-model.ts";

const FIXTURES = new URL("../../../e2e/fixtures/golden/", import.meta.url);
const GREEDY = { seed: 0, textTemperature: 0, textTopK: 0, audioTemperature: 0, audioTopK: 0 };
/** Sums in another order. */
const ROUNDING = 1e-5;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode });
});
afterAll(() => runtime.dispose());

it.each<[name: string, what: string, positions: number, items: number]>([
  ["lm_tiny_moshi", "two whole chunks and a rest", 4, 11],
  ["lm_tiny_moshi", "a prompt longer than the ring", 5, 17],
  ["lm_tiny_moshi", "no whole chunk", 8, 8],
  ["lm_tiny_hibikizero", "shared key/value heads, RoPE by halves", 3, 11],
  ["lm_tiny_hibiki2b", "conditions, delay 2", 4, 9],
])("%s: %s, %i steps at once", async (name, _, positions, count) => {
  const read = (file: string) => readFile(new URL(file, FIXTURES));
  const config = parseLmConfig(JSON.parse(String(await read(`${name}.config.json`))));
  const file = `${name}.weights.safetensors`;
  const weights = Checkpoint.parse(Uint8Array.from(await read(file)), file);
  const users = userCodebooks(config);
  const code = (i: number) => (7 * i) % config.card;
  const prompt = Array.from({ length: count }, (_unused, i): PromptItem => ({
    text: (5 * i) % config.textCard,
    own: Int32Array.from({ length: config.depQ }, (_own, k) => code(3 * i + k)),
    user: Int32Array.from({ length: users }, (_user, q) => code(11 * i + q)),
  }));

  /** Every step that is run by itself, of the prompt and of a few frames after it; then of a second such session. */
  const session = async (prefill: number) => {
    const steps: StepTrace[] = [];
    const model = await createLanguageModel(runtime, config, weights, {
      forcing: true,
      prefill,
      trace: (step) => void steps.push(step),
    });
    for (const said of [0, 1]) {
      await model.start(GREEDY, prompt);
      for (let f = 0; f < 4; f++) await model.step(new Int32Array(users).fill(code(f + said)));
    }
    await model.dispose();
    return steps;
  };
  const oneByOne = await session(0);
  const atOnce = await session(positions);

  const context = Math.min(count - 1, config.context);
  expect(atOnce[0]?.step).toBe(Math.floor(context / positions) * positions);
  const second = atOnce.findLastIndex(({ step }, i) => step <= (atOnce[i - 1]?.step ?? -1));
  expect(second).toBeGreaterThan(0);
  let worst = 0;
  for (const [half, expectedHalf] of [
    [atOnce.slice(0, second), oneByOne.slice(0, count + 4)],
    [atOnce.slice(second), oneByOne.slice(count + 4)],
  ] as const) {
    for (const { step, tokens, hidden, ownCodes } of half) {
      const expected = expectedHalf.find((one) => one.step === step);
      expect([step, tokens, ownCodes]).toEqual([step, expected?.tokens, expected?.ownCodes]);
      for (const [i, value] of hidden.entries())
        worst = Math.max(worst, Math.abs(value - (expected?.hidden[i] ?? NaN)));
    }
  }
  expect(worst).toBeLessThan(ROUNDING);
});
