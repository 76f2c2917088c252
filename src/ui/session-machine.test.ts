// Model-based: random visits against a small model of the engine and the audio, which answer late, wrongly or twice.

import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { SottoErrorCode, SottoErrorData } from "../shared/errors.ts";
import { ERROR_HELP } from "./error-help.ts";
import { lookOf, LOOKS } from "./look.ts";
import {
  openSession,
  transition,
  type Caller,
  type Effect,
  type SessionEvent,
  type SessionState,
} from "./session-machine.ts";

const CODES = Object.keys(ERROR_HELP) as SottoErrorCode[];
const MIC: Caller = { kind: "mic" };
const SAMPLE: Caller = { kind: "sample", sampleId: "caller-1" };

function errorOf(code: SottoErrorCode): SottoErrorData {
  return { code, what: "It broke.", remedy: "Mend it." };
}

/** What the world around the reducer holds: effects that have not answered, a worker, an open talk. */
class Visit {
  state: SessionState;
  readonly pending = new Map<number, Effect>();
  engine: "none" | "loading" | "loaded" = "none";
  talkIsOpen = false;

  constructor() {
    const opened = openSession("auto");
    this.state = opened.state;
    this.#run(opened.effects);
  }

  send(event: SessionEvent): void {
    const { state, effects } = transition(this.state, event);
    this.state = state;
    this.#run(effects);
  }

  answer(run: number, outcome: "succeed" | SottoErrorCode): void {
    const effect = this.pending.get(run);
    if (effect === undefined) return;
    this.pending.delete(run);
    if (effect.type === "close-talk") {
      this.send({ type: "talk-closed", run });
    } else if (outcome !== "succeed") {
      this.send({ type: "failed", run, error: errorOf(outcome) });
    } else if (effect.type === "load") {
      // A worker that was dropped meanwhile has no model.
      if (this.engine === "loading") this.engine = "loaded";
      this.send({ type: "loaded", run });
    } else {
      this.send({ type: "talk-opened", run });
    }
  }

  #run(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "load":
          expect(this.engine, "one worker at a time").toBe("none");
          this.engine = "loading";
          this.pending.set(effect.run, effect);
          break;
        case "open-talk":
          expect(this.engine, "a talk needs a loaded model").toBe("loaded");
          expect(this.talkIsOpen, "the old talk is put away before the next").toBe(false);
          this.talkIsOpen = true;
          this.pending.set(effect.run, effect);
          break;
        case "close-talk":
          expect(this.talkIsOpen).toBe(true);
          this.talkIsOpen = false;
          this.pending.set(effect.run, effect);
          break;
        case "drop-engine":
          this.engine = "none";
          break;
        case "set-muted":
          expect(this.talkIsOpen).toBe(true);
          break;
        default:
          effect satisfies never;
      }
    }
  }

  check(): void {
    const { state } = this;
    expect(LOOKS).toContain(lookOf(state));
    switch (state.name) {
      case "loading":
      case "starting":
      case "stopping":
        expect(this.pending.has(state.run), `${state.name} waits for an answer`).toBe(true);
        break;
      case "ready":
        expect(this.engine).toBe("loaded");
        expect(this.talkIsOpen).toBe(false);
        break;
      case "talking":
        expect(this.engine).toBe("loaded");
        expect(this.talkIsOpen).toBe(true);
        break;
      case "failed":
        expect(this.engine).toBe(state.engine === "kept" ? "loaded" : "none");
        expect(this.talkIsOpen, "a failed talk is put away").toBe(false);
        break;
      case "unsupported":
        expect(this.engine).toBe("none");
        break;
      default:
        state satisfies never;
    }
  }
}

const code = fc.constantFrom(...CODES);
const caller = fc.constantFrom(MIC, SAMPLE);

/** One thing that happens in a visit. `pick` chooses among the effects in flight. */
type Step =
  | { readonly kind: "event"; readonly event: SessionEvent }
  | {
      readonly kind: "answer";
      readonly pick: number;
      readonly outcome: "succeed" | SottoErrorCode;
    };

const visitorEvent: fc.Arbitrary<SessionEvent> = fc.oneof(
  fc.record({ type: fc.constant("press" as const), caller }),
  fc.constant({ type: "stop" } as const),
  fc.constant({ type: "toggle-mute" } as const),
  fc.constant({ type: "retry" } as const),
  fc.constant({ type: "retry", backend: "wasm" } as const),
);
const worldEvent: fc.Arbitrary<SessionEvent> = fc.oneof(
  fc.record({
    type: fc.constant("failed" as const),
    run: fc.constant(null),
    error: code.map(errorOf),
  }),
  fc.record({
    type: fc.constant("activity" as const),
    activity: fc.constantFrom("listening", "speaking", "both"),
  }),
  fc.record({
    type: fc.constant("degraded" as const),
    reason: fc.constantFrom(null, "Slow."),
  }),
  // Answers of runs long gone, or never begun.
  fc.record({
    type: fc.constantFrom("loaded" as const, "talk-opened" as const, "talk-closed" as const),
    run: fc.constantFrom(-1, 0, 1_000),
  }),
);
const answerStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("answer" as const),
  pick: fc.nat(4),
  outcome: fc.oneof(
    { weight: 3, arbitrary: fc.constant("succeed" as const) },
    { weight: 1, arbitrary: code },
  ),
});
const eventStep: fc.Arbitrary<Step> = fc
  .oneof({ weight: 3, arbitrary: visitorEvent }, { weight: 1, arbitrary: worldEvent })
  .map((event) => ({ kind: "event", event }));
const story = fc.array(
  fc.oneof({ weight: 1, arbitrary: eventStep }, { weight: 1, arbitrary: answerStep }),
  { maxLength: 60 },
);

function live(steps: readonly Step[]): Visit {
  const visit = new Visit();
  visit.check();
  for (const step of steps) {
    if (step.kind === "event") {
      visit.send(step.event);
    } else {
      const runs = [...visit.pending.keys()];
      const run = runs[step.pick % Math.max(1, runs.length)];
      if (run !== undefined) visit.answer(run, step.outcome);
    }
    visit.check();
  }
  return visit;
}

describe("any visit", () => {
  test.prop([story], { numRuns: 600 })("keeps its promises at every step", (steps) => {
    live(steps);
  });

  test.prop([story, code], { numRuns: 600 })(
    "shows a card at once when something fails",
    (steps, failing) => {
      const visit = live(steps);
      const before = visit.state;
      visit.send({ type: "failed", run: null, error: errorOf(failing) });
      visit.check();
      const { state } = visit;
      expect(["failed", "unsupported"]).toContain(state.name);
      if (before.name !== "failed" && before.name !== "unsupported" && "error" in state) {
        expect(state.error.code).toBe(failing);
      }
    },
  );

  test.prop([story, code], { numRuns: 600 })(
    "can talk again from any card, without a reload",
    (steps, failing) => {
      const visit = live(steps);
      visit.send({ type: "failed", run: null, error: errorOf(failing) });
      visit.send({ type: "retry" });
      expect(["loading", "starting", "ready"]).toContain(visit.state.name);
      // Whatever is in flight answers, in any order; at most load and open are still to come.
      for (let turn = 0; turn < 3; turn += 1) {
        for (const run of visit.pending.keys()) visit.answer(run, "succeed");
        if (visit.state.name === "ready") visit.send({ type: "press", caller: MIC });
      }
      visit.check();
      expect(visit.state.name).toBe("talking");
    },
  );

  test.prop([story], { numRuns: 300 })("comes to rest when every effect answers", (steps) => {
    const visit = live(steps);
    for (let turn = 0; turn < 4; turn += 1) {
      for (const run of visit.pending.keys()) visit.answer(run, "succeed");
    }
    expect(["ready", "talking", "failed", "unsupported"]).toContain(visit.state.name);
  });
});

describe("one click", () => {
  test("while the model loads begins the talk as soon as it is there", () => {
    const visit = new Visit();
    visit.send({ type: "press", caller: MIC });
    visit.answer(1, "succeed");
    expect(visit.state.name).toBe("starting");
    visit.answer(2, "succeed");
    expect(visit.state).toMatchObject({
      name: "talking",
      caller: MIC,
      muted: false,
      degraded: null,
    });
  });

  test("ends a talk, and a second one begins the next", () => {
    const visit = new Visit();
    visit.answer(1, "succeed");
    visit.send({ type: "press", caller: SAMPLE });
    visit.answer(2, "succeed");
    visit.send({ type: "press", caller: MIC });
    expect(visit.state.name).toBe("stopping");
    visit.send({ type: "press", caller: MIC });
    visit.answer(3, "succeed");
    expect(visit.state).toMatchObject({ name: "starting", caller: MIC });
  });
});

test("a denied microphone keeps the model, a dead worker does not", () => {
  const visit = new Visit();
  visit.answer(1, "succeed");
  visit.send({ type: "press", caller: MIC });
  visit.answer(2, "mic-denied");
  expect(visit.state).toMatchObject({
    name: "failed",
    engine: "kept",
    caller: MIC,
  });
  visit.send({ type: "press", caller: SAMPLE });
  expect(visit.state).toMatchObject({ name: "starting", caller: SAMPLE });
  visit.send({ type: "failed", run: null, error: errorOf("worker-died") });
  expect(visit.state).toMatchObject({
    name: "failed",
    engine: "gone",
    caller: SAMPLE,
  });
  visit.send({ type: "retry" });
  expect(visit.state).toMatchObject({ name: "loading", then: SAMPLE });
});

test("retry on another back end drops the worker of the old one", () => {
  const first = openSession("webgpu");
  const failed = transition(first.state, {
    type: "failed",
    run: 1,
    error: errorOf("webgpu-absent"),
  });
  const next = transition(failed.state, { type: "retry", backend: "wasm" });
  expect(next.state).toMatchObject({ name: "loading", backend: "wasm" });
  expect(next.effects).toEqual([{ type: "load", run: 2, backend: "wasm" }]);
});
