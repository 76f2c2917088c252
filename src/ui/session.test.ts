// The real controller and the real machine; the worker and the audio are doubles that fail on demand.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { SottoError, type SottoErrorCode } from "../shared/errors.ts";
import type { BackendReport, FrameReport } from "../shared/protocol.ts";
import type { VoiceIo, VoiceListener, VoicePorts, VoiceSource } from "./audio/voice-io.ts";
import type { CardView } from "./card-view.ts";
import type { EngineListener } from "./engine-client.ts";
import { Session, type Engine, type SessionParts } from "./session.ts";

const REPORT: BackendReport = { backend: "wasm", device: "CPU", threads: 2, reason: "Asked for." };
const forever = new Promise<never>(() => {});

function broken(code: SottoErrorCode): SottoError {
  return new SottoError(code, "It broke.", "Mend it.");
}

class EngineDouble implements Engine {
  readonly listener: EngineListener;
  readonly calls: string[] = [];
  terminated = false;
  load = async (): Promise<BackendReport> => REPORT;
  start = async (): Promise<void> => void this.calls.push("start");
  stop = async (): Promise<void> => void this.calls.push("stop");

  constructor(listener: EngineListener) {
    this.listener = listener;
  }

  terminate(): void {
    this.terminated = true;
  }
}

class VoiceDouble implements VoiceIo {
  readonly muted = false;
  readonly contextRate = 24_000;
  readonly sources: VoiceSource[] = [];
  readonly mutings: boolean[] = [];
  readonly switches: string[] = [];
  unlocks = 0;
  isOpen = false;
  now = { mic: 0, speaker: 0 };
  grant = async (): Promise<void> => {};
  onSwitch = async (): Promise<void> => {};
  close = async (): Promise<void> => void (this.isOpen = false);

  unlock(): void {
    this.unlocks += 1;
  }

  async open(source: VoiceSource): Promise<VoicePorts> {
    expect(this.isOpen, "one talk at a time").toBe(false);
    this.sources.push(source);
    await this.grant();
    this.isOpen = true;
    const { port1, port2 } = new MessageChannel();
    port1.close();
    return { mic: port1, speaker: port2 };
  }

  setMuted(muted: boolean): void {
    this.mutings.push(muted);
  }

  async switchMicrophone(deviceId: string): Promise<void> {
    this.switches.push(deviceId);
    await this.onSwitch();
  }

  async microphones() {
    return [
      { deviceId: "default", label: "Default - Desk" },
      { deviceId: "desk", label: "Desk" },
    ];
  }

  levels() {
    return this.now;
  }
}

let engines: EngineDouble[];
let prepareEngine: (engine: EngineDouble) => void;
let voice: VoiceDouble;
let listener: VoiceListener;
let view: CardView;

beforeEach(() => {
  engines = [];
  prepareEngine = () => {};
  voice = new VoiceDouble();
});

function visit(parts: Partial<SessionParts> = {}): Session {
  const session = new Session({
    options: { backend: "auto", modelUrl: "https://sotto.example/models/wren/", settings: {} },
    optionsError: null,
    checkBrowser: () => null,
    createEngine: (engineListener) => {
      const engine = new EngineDouble(engineListener);
      engines.push(engine);
      prepareEngine(engine);
      return engine;
    },
    createVoice: (voiceListener) => {
      listener = voiceListener;
      return voice;
    },
    onChange: (next) => (view = next),
    ...parts,
  });
  session.open();
  return session;
}

const reaches = (look: CardView["look"]) => vi.waitFor(() => expect(view.look).toBe(look));

async function talk(session: Session): Promise<void> {
  await reaches("ready");
  session.request({ type: "press" });
  await reaches("listening");
}

function frame(index: number, text: string): FrameReport {
  return {
    frame: index,
    startMs: index * 80,
    encodeMs: 1,
    modelMs: 8,
    decodeMs: 1,
    totalMs: 10,
    backlog: 0,
    ownLevel: 0.1,
    text,
  };
}

describe("a visit", () => {
  test("loads at once, talks on one click and stops on the next", async () => {
    const session = visit();
    expect(view.look).toBe("loading");
    await talk(session);
    expect(view.report).toEqual(REPORT);
    expect(voice.unlocks).toBe(1);
    session.request({ type: "press" });
    await reaches("ready");
    expect(engines[0]?.calls).toEqual(["start", "stop"]);
    expect(voice.isOpen).toBe(false);
  });

  test("talks by itself once loaded, when the click came first", async () => {
    const session = visit();
    session.request({ type: "press" });
    expect(view.caller).toEqual({ kind: "mic" });
    await reaches("listening");
  });

  test("shows captions, pace and who is heard", async () => {
    const session = visit();
    await talk(session);
    for (let index = 0; index <= 6; index += 1) {
      engines[0]?.listener.onEvent({
        type: "frame",
        report: frame(index, index === 3 ? " hello" : ""),
      });
    }
    expect(view.turns).toEqual([{ id: 1, text: "hello" }]);
    expect(view.pace?.realTimeFactor).toBeCloseTo(10 / 80);
    voice.now = { mic: 0.1, speaker: 0.1 };
    listener.onMicStats?.({ type: "mic-stats", level: 0.1, capturedFrames: 1 });
    expect(view.look).toBe("both");
  });

  test("mutes, and shows when the engine falls behind", async () => {
    const session = visit();
    await talk(session);
    session.request({ type: "toggle-mute" });
    expect([view.look, voice.mutings]).toEqual(["muted", [true]]);
    session.request({ type: "toggle-mute" });
    engines[0]?.listener.onEvent({ type: "degraded", reason: "Slow." });
    expect([view.look, view.degraded]).toEqual(["degraded", "Slow."]);
  });

  test("lists microphones without the double of the default, and switches during a talk", async () => {
    const session = visit();
    await talk(session);
    expect(view.microphones).toEqual([{ id: "desk", label: "Desk" }]);
    session.request({ type: "pick-microphone", microphoneId: "desk" });
    expect(voice.switches).toEqual(["desk"]);
    session.request({ type: "stop" });
    await reaches("ready");
    session.request({ type: "press" });
    await reaches("listening");
    expect(voice.sources.at(-1)).toEqual({ kind: "mic", deviceId: "desk" });
  });

  test("hangs up for a sample caller after the clip and a silence", async () => {
    const session = visit();
    await reaches("ready");
    session.request({ type: "sample", sampleId: "caller-1" });
    await reaches("listening");
    expect(voice.sources[0]).toMatchObject({ kind: "clip" });
    const later = vi.spyOn(performance, "now");
    const stats = { type: "mic-stats", level: 0, capturedFrames: 1 } as const;
    listener.onClipEnded?.();
    const endedMs = performance.now();
    later.mockReturnValue(endedMs + 7_000);
    listener.onMicStats?.(stats);
    expect(view.look).toBe("listening");
    later.mockReturnValue(endedMs + 9_000);
    listener.onMicStats?.(stats);
    later.mockRestore();
    await reaches("ready");
  });
});

describe("every failure leads to a card from which the talk can begin again", () => {
  /** What breaks, and at which moment. Each breaks once; the second try must work. */
  const FAILURES: readonly (readonly [SottoErrorCode, (session: Session) => Promise<void>])[] = [
    ["model-file-missing", async () => reaches("failed")],
    [
      "worker-died",
      async (session) => {
        await talk(session);
        engines[0]?.listener.onDeath(broken("worker-died"));
      },
    ],
    [
      "webgpu-lost",
      async (session) => {
        await talk(session);
        engines[0]?.listener.onEvent({ type: "failed", error: broken("webgpu-lost").toData() });
      },
    ],
    [
      "mic-denied",
      async (session) => {
        await reaches("ready");
        voice.grant = async () => {
          voice.grant = async () => {};
          throw broken("mic-denied");
        };
        session.request({ type: "press" });
      },
    ],
    [
      "mic-lost",
      async (session) => {
        await talk(session);
        listener.onFailure(broken("mic-lost"));
      },
    ],
    [
      "engine-failed",
      async (session) => {
        await reaches("ready");
        const [engine] = engines;
        if (engine) engine.start = () => Promise.reject(broken("engine-failed"));
        session.request({ type: "press" });
      },
    ],
    [
      "mic-busy",
      async (session) => {
        await talk(session);
        voice.onSwitch = () => Promise.reject(broken("mic-busy"));
        session.request({ type: "pick-microphone", microphoneId: "desk" });
      },
    ],
  ];

  test.each(FAILURES)("%s", async (code, breakIt) => {
    if (code === "model-file-missing") {
      prepareEngine = (engine) => {
        if (engines.length === 1) engine.load = () => Promise.reject(broken(code));
      };
    }
    const session = visit();
    await breakIt(session);
    await vi.waitFor(() => expect(view.error?.code).toBe(code));
    await vi.waitFor(() => expect(voice.isOpen).toBe(false));
    session.request({ type: "retry" });
    // A load that failed before anybody pressed leads back to ready, all others to the talk.
    await vi.waitFor(() => expect(["ready", "listening"]).toContain(view.look));
    if (view.look === "ready") session.request({ type: "press" });
    await reaches("listening");
    expect(view.error).toBeNull();
    expect(engines.filter((engine) => !engine.terminated)).toHaveLength(1);
  });

  test("browser-unsupported, until the browser has what was lacking", async () => {
    let lacking: SottoError | null = broken("browser-unsupported");
    const session = visit({ checkBrowser: () => lacking });
    await reaches("unsupported");
    lacking = null;
    session.request({ type: "retry" });
    await reaches("ready");
  });

  test("bad-argument, and trying again goes on without it", async () => {
    const session = visit({ optionsError: broken("bad-argument") });
    await reaches("failed");
    session.request({ type: "retry" });
    await reaches("ready");
  });
});

describe("nothing hangs", () => {
  test("a permission prompt that is never answered can be cancelled, and the next talk waits for it", async () => {
    const session = visit();
    await reaches("ready");
    let answer: () => void = () => {};
    voice.grant = () => new Promise((resolve) => (answer = resolve));
    session.request({ type: "press" });
    await vi.waitFor(() => expect(voice.sources).toHaveLength(1));
    session.request({ type: "stop" });
    await reaches("ready");
    expect(engines[0]?.calls, "the engine never began").toEqual([]);
    voice.grant = async () => {};
    session.request({ type: "press" });
    await reaches("starting");
    answer();
    await reaches("listening");
    expect(voice.sources).toHaveLength(2);
  });

  test("an engine that does not stop is a dead engine", async () => {
    prepareEngine = (engine) => {
      engine.stop = () => Promise.reject(broken("worker-died"));
    };
    const session = visit();
    await talk(session);
    session.request({ type: "stop" });
    await vi.waitFor(() => expect(view.error?.code).toBe("worker-died"));
    expect(engines[0]?.terminated).toBe(true);
  });

  test("audio that does not close keeps the page for three seconds at most", async () => {
    const session = visit();
    await talk(session);
    vi.useFakeTimers();
    voice.close = () => forever;
    session.request({ type: "stop" });
    await vi.advanceTimersByTimeAsync(3_100);
    vi.useRealTimers();
    expect(view.look).toBe("ready");
  });

  test("a dropped engine is not heard any more", async () => {
    const session = visit();
    await talk(session);
    engines[0]?.listener.onDeath(broken("worker-died"));
    session.request({ type: "retry" });
    await reaches("listening");
    engines[0]?.listener.onDeath(broken("worker-died"));
    engines[0]?.listener.onEvent({ type: "degraded", reason: "Slow." });
    expect(view.look).toBe("listening");
  });
});
