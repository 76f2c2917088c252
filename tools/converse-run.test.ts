// Conversations without a browser: the library on a model that echoes, and the command on one that babbles.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { FRAME_SAMPLES, SAMPLE_RATE } from "../src/shared/frame.ts";
import type { SpeechModel } from "../src/worker/speech-model.ts";
import { converse, textOf } from "./converse-run.ts";
import { tinyModelFiles } from "./tiny-model.ts";
import { formatWav, parseWav } from "./wav.ts";

/** Says in step f+1 what it heard in frame f, from the second frame on; its text counts the frames. */
function echoModel(): SpeechModel {
  let steps = 0;
  return {
    name: "echo",
    defaults: { seed: 4, textTemperature: 0, textTopK: 1, audioTemperature: 0, audioTopK: 1 },
    encoder: {
      encode: (pcm) => Promise.resolve(Int32Array.of(Math.round((pcm[0] ?? 0) * 100))),
      reset: () => Promise.resolve(),
      dispose: () => Promise.resolve(),
    },
    decoder: {
      decode: ([code = 0]) => Promise.resolve(new Float32Array(FRAME_SAMPLES).fill(code / 100)),
      reset: () => Promise.resolve(),
      dispose: () => Promise.resolve(),
    },
    language: {
      start: () => {
        steps = 0;
        return Promise.resolve();
      },
      step: (codes) => {
        steps++;
        return Promise.resolve({
          step: steps,
          textToken: steps,
          ownCodes: steps > 1 ? codes : null,
        });
      },
      dispose: () => Promise.resolve(),
    },
    text: { push: (token) => (token % 2 === 1 ? ` ${token}` : ""), reset: () => undefined },
    dispose: () => Promise.resolve(),
  };
}

describe("converse", () => {
  test("puts what is said where it would be heard, fills up the last frame, and adds the tail", async () => {
    const caller = new Float32Array(3.5 * FRAME_SAMPLES).fill(0.25);
    const { pcm, tokens, text, frames, ownCodes, summary, settings } = await converse(
      echoModel(),
      caller,
      { textTopK: 9 },
      0.12,
    );
    expect(tokens).toEqual([1, 2, 3, 4, 5]);
    expect(frames.map(({ frame }) => frame)).toEqual([0, 1, 2, 3, 4]);
    expect(ownCodes).toEqual([null, [25], [25], [25], [0]]);
    const firstSamples = Array.from({ length: 6 }, (_, i) => pcm[i * FRAME_SAMPLES]);
    expect(firstSamples).toEqual([0, 0, 0.25, 0.25, 0.25, 0]);
    expect(pcm).toHaveLength(6 * FRAME_SAMPLES);
    expect(text.map(({ seconds, piece }) => [seconds.toFixed(2), piece])).toEqual([
      ["0.08", " 1"],
      ["0.24", " 3"],
      ["0.40", " 5"],
    ]);
    expect(textOf(text)).toBe("1 3 5");
    expect(summary.frames).toBe(5);
    expect(settings).toMatchObject({ seed: 4, textTopK: 9 });
  });

  test("each conversation begins from nothing", async () => {
    const model = echoModel();
    const caller = new Float32Array(2 * FRAME_SAMPLES).fill(0.5);
    const first = await converse(model, caller);
    const second = await converse(model, caller);
    expect(second.tokens).toEqual(first.tokens);
    expect(second.pcm).toEqual(first.pcm);
    expect((await converse(model, new Float32Array(0))).tokens).toEqual([]);
  });
});

describe("npm run converse", () => {
  let folder = "";
  const command = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--import", "tsx", "tools/converse.ts", ...args]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sotto-converse-"));
    await mkdir(join(folder, "model"));
    for (const [name, bytes] of await tinyModelFiles())
      await writeFile(join(folder, "model", name), bytes);
    const tone = Float32Array.from({ length: 0.4 * 48_000 }, (_, i) => 0.5 * Math.sin(i / 30));
    await writeFile(
      join(folder, "in.wav"),
      formatWav({ sampleRate: 48_000, channels: [tone, tone] }),
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("writes the reply, the mix, the account and the trace, the same for the same seed", async () => {
    const at = (name: string): string => join(folder, name);
    const common = [
      at("in.wav"),
      "--model",
      at("model"),
      "--seed",
      "7",
      "--threads",
      "1",
      "--tail",
      "0.4",
    ];
    const files = ["--out", at("out.wav"), "--json", at("out.json"), "--trace", at("trace.json")];
    const { stdout } = await command(...common, ...files);
    expect(stdout).toMatch(/real-time factor/);

    const own = parseWav(await readFile(at("out.wav")));
    expect(own.sampleRate).toBe(SAMPLE_RATE);
    expect(own.channels[0]).toHaveLength(11 * FRAME_SAMPLES);
    expect(own.channels[0]?.some((sample) => sample !== 0)).toBe(true);
    expect(parseWav(await readFile(at("out.mix.wav"))).channels).toHaveLength(2);

    const account = JSON.parse(await readFile(at("out.json"), "utf8"));
    expect(account).toMatchObject({
      input: { sampleRate: 48_000, channels: 2, seconds: 0.4 },
      model: { name: "model", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      settings: { seed: 7 },
      summary: { frames: 10 },
    });
    expect(JSON.parse(await readFile(at("trace.json"), "utf8")).traceEvents.length).toBeGreaterThan(
      40,
    );

    const again = JSON.parse((await command(...common, "--json")).stdout);
    const tokens = (each: { frames: { token: number; ownCodes: number[] }[] }) =>
      each.frames.map(({ token, ownCodes }) => [token, ownCodes]);
    expect(tokens(again)).toEqual(tokens(account));
  }, 120_000);

  test.each([
    [["none.wav"], 2, /no file none\.wav/],
    [["package.json"], 2, /package\.json.*RIFF/],
    [["a.wav", "--loud"], 2, /--loud.*Usage/s],
  ])(
    "%j exits with %i and says why",
    async (args, code, message) => {
      await expect(command(...args)).rejects.toMatchObject({
        code,
        stderr: expect.stringMatching(message),
      });
    },
    60_000,
  );

  test("says which model is not there", async () => {
    await expect(
      command(join(folder, "in.wav"), "--model", join(folder, "nowhere")),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/config\.json.*\[model-file-missing\]/s),
    });
  }, 60_000);
});
