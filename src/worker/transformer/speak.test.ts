// Reading a script with the small TTS-shaped fixture on WASM.

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { Checkpoint } from "../weights/checkpoint.ts";
import { type LmConfig, parseLmConfig } from "./config.ts";
import { splitText } from "./embedding.ts";
import { createLanguageModel, type StepTrace } from "./language-model.ts";
import { speak, voiceVectors } from "./speak.ts";
import { parseTtsConfig } from "./tts-config.ts";

const FIXTURES = new URL("../../../e2e/fixtures/golden/", import.meta.url);
const TTS = { delaySteps: 5, ahead: 2, maxSpeakers: 2 };
const SETTINGS = {
  seed: 3,
  textTemperature: 0.6,
  textTopK: 25,
  audioTemperature: 0.6,
  audioTopK: 20,
};

let runtime: Runtime;
let config: LmConfig;
let weights: Checkpoint;
beforeAll(async () => {
  runtime = await openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode });
  const read = (file: string) => readFile(new URL(file, FIXTURES));
  config = parseLmConfig(JSON.parse(String(await read("lm_tiny_tts.config.json"))));
  const file = "lm_tiny_tts.weights.safetensors";
  weights = Checkpoint.parse(Uint8Array.from(await read(file)), file);
});
afterAll(() => runtime.dispose());

describe("speak", () => {
  it("says every word, then goes on for the delay, in codes that the codec knows", async () => {
    const steps: StepTrace[] = [];
    const width = config.cross?.width ?? 0;
    const voice = { shape: [1, width, 3], data: new Float32Array(3 * width).fill(0.5) };
    const model = await createLanguageModel(runtime, config, weights, {
      forcing: true,
      conditions: { speaker_wavs: voiceVectors([voice], TTS.maxSpeakers), control: "ok" },
      trace: (step) => void steps.push(step),
    });
    const entries = [[10, 11], [12], [13, 14, 15]].map((tokens) => ({
      text: "",
      tokens,
      padding: 0,
    }));
    const frames: Int32Array[] = [];
    for await (const codes of speak(model, config, TTS, entries, SETTINGS)) frames.push(codes);
    await model.dispose();

    const texts = steps.map(({ tokens }) => splitText(tokens[0] ?? -1, config.textCard));
    const said = texts.map(({ main }) => main).filter((token) => token > 3);
    expect(said).toEqual([10, 11, 12, 13, 14, 15]);
    const endStep = texts.findLastIndex(({ second }) => second === 0);
    expect(steps).toHaveLength(endStep + TTS.delaySteps + 4);

    // Silence until the text is ahead, then codes: of the frames that have all their codebooks.
    for (const { step, tokens } of steps) {
      const silent = config.delays.slice(1).map((delay) => step < delay + TTS.delaySteps);
      expect(Array.from(tokens.slice(1), (token) => token === -1)).toEqual(silent);
    }
    expect(frames).toHaveLength(steps.length - TTS.delaySteps - Math.max(...config.delays));
    for (const codes of frames)
      expect([...codes].every((code) => code >= 0 && code < config.card)).toBe(true);
  });
});

describe("voiceVectors", () => {
  it("lines voices up position by position and leaves room for who is missing", () => {
    // Width 2, positions 3: stored by element, wanted by position.
    const voice = { shape: [1, 2, 3], data: Float32Array.of(1, 2, 3, 10, 20, 30) };
    const { data, mask } = voiceVectors([voice], 2);
    expect([...data]).toEqual([1, 10, 2, 20, 3, 30, 0, 0, 0, 0, 0, 0]);
    expect(mask).toEqual([true, true, true, false, false, false]);
  });

  it("refuses none, too many, and voices of other shapes", () => {
    const voice = { shape: [1, 2, 1], data: new Float32Array(2) };
    for (const voices of [
      [],
      [voice, voice, voice],
      [voice, { shape: [1, 3, 1], data: new Float32Array(3) }],
      [{ shape: [1, 2, 1], data: new Float32Array(3) }],
    ])
      expect(() => voiceVectors(voices, 2)).toThrow(/1 to 2 voices/);
  });
});

describe("parseTtsConfig", () => {
  it("reads the published one", () => {
    const tts = { audio_delay: 1.28, second_stream_ahead: 2, max_speakers: 5 };
    expect(parseTtsConfig({ tts_config: tts })).toEqual({
      delaySteps: 16,
      ahead: 2,
      maxSpeakers: 5,
    });
  });

  it("refuses what it lacks and what is not computed", () => {
    expect(() => parseTtsConfig({})).toThrow(/tts_config/);
    expect(() => parseTtsConfig({ tts_config: { audio_delay: 1e9 } })).toThrow(/audio_delay/);
    expect(() => parseTtsConfig({ tts_config: { audio_delay: 1, multistream: true } })).toThrow(
      /multistream/,
    );
  });
});
