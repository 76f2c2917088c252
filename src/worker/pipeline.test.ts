// The frame loop against a deterministic model that shows what it was given, and that objects to overlap.

import { describe, expect, test, vi } from "vitest";

import { SottoError } from "../shared/errors.ts";
import { FRAME_SAMPLES } from "../shared/frame.ts";
import type {
  FrameReport,
  MicFrameMessage,
  SpeakerMessage,
  WorkerEvent,
} from "../shared/protocol.ts";
import { FLUSH_FRAMES } from "./backlog.ts";
import { MicQueue } from "./pipeline-mic.ts";
import { converseLive, runFrame, startConversation } from "./pipeline.ts";
import type { SpeechModel, StepOutput } from "./speech-model.ts";

const SETTINGS = {
  seed: 1,
  textTemperature: 0,
  textTopK: 1,
  audioTemperature: 0,
  audioTopK: 1,
};

interface FakeModel extends SpeechModel {
  /** Every call in order, like "encode 3". */
  readonly calls: string[];
  /** Awaited inside every stage. */
  stall: (call: string) => Promise<void>;
}

/** Code of a frame = its first sample × 1000; own frame j says what user frame j said, one acoustic step late. */
function fakeModel(): FakeModel {
  const calls: string[] = [];
  let running = 0;
  let step = 0;
  const stage = async <T>(call: string, result: () => T): Promise<T> => {
    if (running++ > 0) throw new Error(`${call} overlaps another call`);
    calls.push(call);
    await model.stall(call);
    running--;
    return result();
  };
  const model: FakeModel = {
    name: "fake",
    calls,
    stall: () => Promise.resolve(),
    defaults: SETTINGS,
    encoder: {
      encode: (pcm) => {
        const code = Math.round((pcm[0] ?? 0) * 1_000);
        return stage(`encode ${code}`, () => Int32Array.of(code));
      },
      reset: () => stage("encoder reset", () => undefined),
      dispose: () => Promise.resolve(),
    },
    language: {
      start: (settings) => stage(`start ${settings.seed}`, () => void (step = 0)),
      step: (codes) =>
        stage(`step ${codes[0]}`, (): StepOutput => {
          step++;
          return {
            step,
            textToken: codes[0] ?? 0,
            ownCodes: step > 1 ? codes : null,
          };
        }),
      dispose: () => Promise.resolve(),
    },
    decoder: {
      decode: (codes) =>
        stage(`decode ${codes[0]}`, () =>
          new Float32Array(FRAME_SAMPLES).fill((codes[0] ?? 0) / 1_000),
        ),
      reset: () => stage("decoder reset", () => undefined),
      dispose: () => Promise.resolve(),
    },
    text: {
      push: (token) => ` ${token}`,
      reset: () => void calls.push("text reset"),
    },
    dispose: () => Promise.resolve(),
  };
  return model;
}

const micFrame = (index: number): MicFrameMessage => ({
  type: "mic-frame",
  index,
  samples: new Float32Array(FRAME_SAMPLES).fill((index + 1) / 1_000),
  contextTime: (index + 1) * 0.08,
});

/** A promise with a handle. */
function gate(): { readonly wait: Promise<void>; open: () => void } {
  let open: (() => void) | undefined;
  const wait = new Promise<void>((resolve) => (open = resolve));
  return { wait, open: () => open?.() };
}

/** A running loop with its ends in the test's hands. */
function live(model: SpeechModel) {
  const channel = new MessageChannel();
  const queue = new MicQueue(channel.port2);
  const spoken: SpeakerMessage[] = [];
  const events: WorkerEvent[] = [];
  const loop = converseLive(
    model,
    queue,
    (message) => void spoken.push(message),
    (event) => void events.push(event),
  );
  const reports = (): FrameReport[] =>
    events.flatMap((e) => (e.type === "frame" ? [e.report] : []));
  return {
    queue,
    spoken,
    events,
    loop,
    reports,
    hear: (index: number) => channel.port1.postMessage(micFrame(index)),
    frames: (count: number) =>
      vi.waitFor(() => expect(reports().length).toBeGreaterThanOrEqual(count)),
  };
}

describe("runFrame", () => {
  test("runs encode, step and decode in order and reports each", async () => {
    const model = fakeModel();
    await startConversation(model, SETTINGS);
    const first = await runFrame(model, 0, micFrame(0).samples);
    const second = await runFrame(model, 1, micFrame(1).samples);
    expect(model.calls).toEqual([
      "encoder reset",
      "decoder reset",
      "text reset",
      "start 1",
      "encode 1",
      "step 1",
      "encode 2",
      "step 2",
      "decode 2",
    ]);
    expect(first.pcm).toBeNull();
    expect(second.pcm).toHaveLength(FRAME_SAMPLES);
    const { encodeMs, modelMs, decodeMs, totalMs, ownLevel, text, frame } = second.report;
    expect(encodeMs + modelMs + decodeMs).toBeCloseTo(totalMs, 6);
    expect(ownLevel).toBeCloseTo(0.002, 6);
    expect([frame, text]).toEqual([1, " 2"]);
  });

  test("refuses to send on sound that is not a number", async () => {
    const model = fakeModel();
    model.decoder.decode = () => Promise.resolve(new Float32Array(FRAME_SAMPLES).fill(NaN));
    await startConversation(model, SETTINGS);
    await runFrame(model, 0, micFrame(0).samples);
    await expect(runFrame(model, 1, micFrame(1).samples)).rejects.toMatchObject({
      code: "model-not-finite",
    });
  });
});

describe("converseLive", () => {
  test("keeps order without overlap when frames come in bursts", async () => {
    const model = fakeModel();
    model.stall = () => new Promise((resolve) => setTimeout(resolve, 1));
    await startConversation(model, SETTINGS);
    const session = live(model);
    for (let i = 0; i < 12; i++) session.hear(i);
    await session.frames(12);
    session.queue.end();
    await session.loop;
    const steps = model.calls.filter((call) => call.startsWith("step"));
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => `step ${i + 1}`));
    expect(session.reports().map((report) => report.frame)).toEqual([...Array(12).keys()]);
    expect(session.events.some((event) => event.type === "failed")).toBe(false);
  });

  test("after a stall every frame is stepped, late ones are not heard, the last ones are", async () => {
    const model = fakeModel();
    const held = gate();
    model.stall = (call) => (call === "step 3" ? held.wait : Promise.resolve());
    await startConversation(model, SETTINGS);
    const session = live(model);
    for (let i = 0; i < 3; i++) {
      session.hear(i);
      if (i < 2) await session.frames(i + 1);
    }
    await vi.waitFor(() => expect(model.calls).toContain("step 3"));
    for (let i = 3; i < 12; i++) session.hear(i);
    await vi.waitFor(() => expect(session.queue.waiting).toBe(9));
    held.open();
    await session.frames(12);
    session.queue.end();
    await session.loop;
    expect(model.calls.filter((call) => call.startsWith("step"))).toHaveLength(12);
    // Own frame f-1 answers mic frame f; frames 3…9 had two or more waiting behind them.
    expect(session.spoken.map((m) => (m.type === "speaker-frame" ? m.index : -1))).toEqual([
      0, 1, 9, 10,
    ]);
    expect(session.reports().map((report) => report.backlog)).toEqual([
      0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    ]);
  });

  test("past the bound the mic is flushed, and the page is told", async () => {
    const model = fakeModel();
    const held = gate();
    model.stall = (call) => (call === "step 1" ? held.wait : Promise.resolve());
    await startConversation(model, SETTINGS);
    const session = live(model);
    session.hear(0);
    await vi.waitFor(() => expect(model.calls).toContain("step 1"));
    const late = FLUSH_FRAMES + 5;
    for (let i = 1; i <= late; i++) session.hear(i);
    await vi.waitFor(() => expect(session.queue.waiting).toBe(late));
    held.open();
    await session.frames(2);
    session.queue.end();
    await session.loop;
    expect(model.calls.filter((call) => call.startsWith("step"))).toEqual([
      "step 1",
      `step ${late + 1}`,
    ]);
    expect(session.events).toContainEqual({
      type: "degraded",
      reason: expect.stringContaining("behind"),
    });
  });

  test.each(["encode 2", "step 2", "decode 2"])(
    "a failure in %s is reported and ends the loop",
    async (call) => {
      const model = fakeModel();
      const cause = new SottoError("webgpu-lost", "The GPU went away.", "Start again.");
      model.stall = (current) => (current === call ? Promise.reject(cause) : Promise.resolve());
      await startConversation(model, SETTINGS);
      const session = live(model);
      session.hear(0);
      session.hear(1);
      session.hear(2);
      await session.loop;
      session.queue.end();
      expect(session.events.at(-1)).toEqual({
        type: "failed",
        error: cause.toData(),
      });
      expect(model.calls.at(-1)).toBe(call);
    },
  );

  test("ends while waiting for the microphone, and while a frame is in hand, without speaking again", async () => {
    const idle = live(fakeModel());
    idle.queue.end();
    await idle.loop;

    const model = fakeModel();
    const held = gate();
    model.stall = (call) => (call === "decode 2" ? held.wait : Promise.resolve());
    await startConversation(model, SETTINGS);
    const busy = live(model);
    busy.hear(0);
    busy.hear(1);
    await vi.waitFor(() => expect(model.calls).toContain("decode 2"));
    busy.queue.end();
    held.open();
    await busy.loop;
    expect(busy.spoken).toEqual([]);
  });
});
