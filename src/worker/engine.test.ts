// The worker's control surface, with a model that echoes one frame late.

import { describe, expect, test, vi } from "vitest";

import { SottoError } from "../shared/errors.ts";
import { FRAME_SAMPLES } from "../shared/frame.ts";
import type { SessionSettings, SpeakerMessage, WorkerEvent } from "../shared/protocol.ts";
import { Engine } from "./engine.ts";
import type { LoadedModel } from "./load-model.ts";

const DEFAULTS = {
  seed: 0,
  textTemperature: 0.7,
  textTopK: 25,
  audioTemperature: 0.8,
  audioTopK: 250,
};

/** A mic frame of this value makes the encoder fail. */
const POISON = -1;

function echoModel(log: string[]): LoadedModel {
  let steps = 0;
  let started: SessionSettings | null = null;
  return {
    report: { backend: "wasm", device: "CPU", threads: 2, reason: "A test." },
    model: {
      name: "echo",
      defaults: DEFAULTS,
      encoder: {
        encode: (pcm) =>
          pcm[0] === POISON
            ? Promise.reject(new Error("numbers fell out"))
            : Promise.resolve(Int32Array.of(Math.round((pcm[0] ?? 0) * 100))),
        reset: () => Promise.resolve(),
        dispose: () => Promise.resolve(),
      },
      decoder: {
        decode: (codes) =>
          Promise.resolve(new Float32Array(FRAME_SAMPLES).fill((codes[0] ?? 0) / 100)),
        reset: () => Promise.resolve(),
        dispose: () => Promise.resolve(),
      },
      language: {
        start: (settings) => {
          steps = 0;
          started = settings;
          log.push(`start ${settings.seed} ${settings.textTopK}`);
          return Promise.resolve();
        },
        step: (codes) =>
          Promise.resolve({ step: ++steps, textToken: 3, ownCodes: steps > 1 ? codes : null }),
        dispose: () => Promise.resolve(),
      },
      text: { push: () => (started === null ? "?" : ""), reset: () => undefined },
      dispose: () => {
        log.push("dispose");
        return Promise.resolve();
      },
    },
  };
}

/** An engine with its telemetry, and a way to open a conversation. */
function setUp(load?: () => Promise<LoadedModel>) {
  const log: string[] = [];
  const engine = new Engine(load ?? (() => Promise.resolve(echoModel(log))));
  const events: WorkerEvent[] = [];
  const telemetry = new MessageChannel();
  telemetry.port1.addEventListener(
    "message",
    ({ data }: MessageEvent<WorkerEvent>) => void events.push(data),
  );
  telemetry.port1.start();
  void engine.subscribe(telemetry.port2);
  const converse = async (settings: Partial<SessionSettings>) => {
    const mic = new MessageChannel();
    const speaker = new MessageChannel();
    const heard: SpeakerMessage[] = [];
    speaker.port1.addEventListener(
      "message",
      ({ data }: MessageEvent<SpeakerMessage>) => void heard.push(data),
    );
    speaker.port1.start();
    await engine.start(mic.port2, speaker.port2, settings);
    const say = (value: number): void => {
      const samples = new Float32Array(FRAME_SAMPLES).fill(value);
      mic.port1.postMessage({ type: "mic-frame", index: 0, samples, contextTime: 0 }, [
        samples.buffer,
      ]);
    };
    return { say, heard };
  };
  return { engine, events, log, converse };
}

const frames = (events: readonly WorkerEvent[]): number[] =>
  events.flatMap((event) => (event.type === "frame" ? [event.report.frame] : []));

describe("Engine", () => {
  test("refuses to start without a model", async () => {
    const { converse } = setUp();
    await expect(converse({})).rejects.toMatchObject({ code: "bad-argument" });
  });

  test("lays settings over the model's, carries frames, stops, and starts from nothing", async () => {
    const { engine, events, log, converse } = setUp();
    expect(await engine.load("models/echo/", "auto")).toMatchObject({
      backend: "wasm",
      threads: 2,
    });

    const first = await converse({ seed: 7 });
    first.say(0.25);
    await vi.waitFor(() => expect(frames(events)).toEqual([0]));
    first.say(0.5);
    await vi.waitFor(() => expect(first.heard).toHaveLength(1));
    expect(first.heard[0]).toMatchObject({ type: "speaker-frame", index: 0 });
    expect(first.heard[0]?.type === "speaker-frame" && first.heard[0].samples[0]).toBe(0.5);
    await engine.stop();
    await engine.stop();
    first.say(0.75);

    const second = await converse({ textTopK: 5 });
    second.say(0.25);
    await vi.waitFor(() => expect(frames(events)).toEqual([0, 1, 0]));
    expect(second.heard).toEqual([]);
    expect(first.heard).toHaveLength(1);
    expect(log).toEqual(["start 7 25", "start 0 5"]);
    await engine.stop();
  });

  test("a new start ends the talk before it; a new load frees the model before it", async () => {
    const { engine, events, log, converse } = setUp();
    await engine.load("models/echo/", "auto");
    const first = await converse({});
    const second = await converse({});
    first.say(0.5);
    second.say(0.5);
    await vi.waitFor(() => expect(frames(events)).toEqual([0]));
    await engine.load("models/echo/", "auto");
    expect(log).toEqual(["start 0 25", "start 0 25", "dispose"]);
    second.say(0.5);
    await expect(engine.stop()).resolves.toBeUndefined();
    expect(frames(events)).toEqual([0]);
  });

  test("a failed load rejects with a SottoError, leaves no model, and can be tried again", async () => {
    const log: string[] = [];
    let attempts = 0;
    const { engine, converse } = setUp(() => {
      if (attempts++ > 0) return Promise.resolve(echoModel(log));
      return Promise.reject(new RangeError("Out of memory"));
    });
    const failure = engine.load("models/echo/", "auto");
    await expect(failure).rejects.toBeInstanceOf(SottoError);
    await expect(failure).rejects.toMatchObject({ code: "engine-failed", what: "Out of memory" });
    await expect(converse({})).rejects.toMatchObject({ code: "bad-argument" });
    await engine.load("models/echo/", "auto");
    await converse({});
    expect(log).toEqual(["start 0 25"]);
    await engine.stop();
  });

  test("a failing stage is told on the telemetry port, and the model starts again", async () => {
    const { engine, events, converse } = setUp();
    await engine.load("models/echo/", "auto");
    const broken = await converse({});
    broken.say(POISON);
    await vi.waitFor(() =>
      expect(events).toContainEqual({
        type: "failed",
        error: expect.objectContaining({ code: "engine-failed", what: "numbers fell out" }),
      }),
    );
    const healed = await converse({});
    healed.say(0.5);
    await vi.waitFor(() => expect(frames(events)).toEqual([0]));
    await engine.stop();
  });
});
