// The life of a visit as a pure reducer: (state, event) → next state and the effects to run. Page thread, no DOM.
// Every waiting state has exactly one effect in flight that must answer; an answer of an older run is ignored.

import type { SottoErrorCode, SottoErrorData } from "../shared/errors.ts";
import { ERROR_HELP } from "./error-help.ts";

/** Who speaks to Sotto: the microphone, or a bundled clip sent through the very same path. */
export type Caller =
  { readonly kind: "mic" } | { readonly kind: "sample"; readonly sampleId: string };

export type BackendChoice = "auto" | "webgpu" | "wasm";

/** Who is audible. Sotto always listens, so a silent pair is "listening" too. */
export type Activity = "listening" | "speaking" | "both";

interface Base {
  /** Counts the asynchronous jobs begun so far; an answer carries the number of its job. */
  readonly run: number;
  readonly backend: BackendChoice;
}

export type SessionState = Base &
  (
    | { readonly name: "unsupported"; readonly error: SottoErrorData }
    /** `then` is the caller who already pressed: the talk begins as soon as the model is there. */
    | { readonly name: "loading"; readonly then: Caller | null }
    | { readonly name: "ready" }
    | { readonly name: "starting"; readonly caller: Caller }
    | {
        readonly name: "talking";
        readonly caller: Caller;
        readonly activity: Activity;
        readonly muted: boolean;
        /** Why the engine cannot keep pace, or null while it can. */
        readonly degraded: string | null;
      }
    /** `then` is a caller who pressed again before the old talk was put away. */
    | { readonly name: "stopping"; readonly then: Caller | null }
    | {
        readonly name: "failed";
        readonly error: SottoErrorData;
        /** Whether the loaded model outlived the failure. */
        readonly engine: "kept" | "gone";
        /** Whose talk failed, so that trying again takes up the same one; null before any press. */
        readonly caller: Caller | null;
      }
  );

export type SessionEvent =
  // From the visitor.
  | { readonly type: "press"; readonly caller: Caller }
  | { readonly type: "stop" }
  | { readonly type: "toggle-mute" }
  /** Start again from a card, on another back end if one is named. */
  | { readonly type: "retry"; readonly backend?: BackendChoice }
  // Answers of effects, each with the run it was given.
  | { readonly type: "loaded"; readonly run: number }
  | { readonly type: "talk-opened"; readonly run: number }
  | { readonly type: "talk-closed"; readonly run: number }
  /** `run` is the effect that failed, or null where something failed by itself (a dead worker, a lost mic). */
  | {
      readonly type: "failed";
      readonly run: number | null;
      readonly error: SottoErrorData;
    }
  // What is heard and measured during a talk.
  | { readonly type: "activity"; readonly activity: Activity }
  | { readonly type: "degraded"; readonly reason: string | null };

export type Effect =
  /** Check the browser, make a worker, load the model. Answers `loaded` or `failed`. */
  | {
      readonly type: "load";
      readonly run: number;
      readonly backend: BackendChoice;
    }
  /** Open the audio for the caller and start the engine. Answers `talk-opened` or `failed`. */
  | {
      readonly type: "open-talk";
      readonly run: number;
      readonly caller: Caller;
    }
  /** Stop the engine and put the audio away, whatever state it is in. Always answers `talk-closed`. */
  | { readonly type: "close-talk"; readonly run: number }
  /** Terminate the worker. Needs no answer. */
  | { readonly type: "drop-engine" }
  | { readonly type: "set-muted"; readonly muted: boolean };

export interface Transition {
  readonly state: SessionState;
  readonly effects: readonly Effect[];
}

/** The state of a page that has just opened: the model loads at once. */
export function openSession(backend: BackendChoice): Transition {
  return load({ run: 0, backend }, null);
}

/** The next state, and what has to be done on the way there. Never throws; an event that does not apply is ignored. */
export function transition(state: SessionState, event: SessionEvent): Transition {
  switch (event.type) {
    case "press":
      return press(state, event.caller);
    case "stop":
      return stop(state);
    case "retry":
      return retry(state, event.backend ?? state.backend);
    case "toggle-mute":
      if (state.name !== "talking") return stay(state);
      return {
        state: { ...state, muted: !state.muted },
        effects: [{ type: "set-muted", muted: !state.muted }],
      };
    case "activity":
      return stay(state.name === "talking" ? { ...state, activity: event.activity } : state);
    case "degraded":
      return stay(state.name === "talking" ? { ...state, degraded: event.reason } : state);
    case "loaded":
      if (state.name !== "loading" || event.run !== state.run) return stay(state);
      return state.then === null
        ? stay({ name: "ready", ...base(state) })
        : openTalk(state, state.then);
    case "talk-opened":
      if (state.name !== "starting" || event.run !== state.run) return stay(state);
      return stay({
        name: "talking",
        ...base(state),
        caller: state.caller,
        activity: "listening",
        muted: false,
        degraded: null,
      });
    case "talk-closed":
      if (state.name !== "stopping" || event.run !== state.run) return stay(state);
      return state.then === null
        ? stay({ name: "ready", ...base(state) })
        : openTalk(state, state.then);
    case "failed":
      if (event.run !== null && event.run !== state.run) return stay(state);
      return fail(state, event.error);
    default:
      return event satisfies never;
  }
}

function press(state: SessionState, caller: Caller): Transition {
  switch (state.name) {
    case "ready":
      return openTalk(state, caller);
    case "loading":
    case "stopping":
      return stay({ ...state, then: state.then === null ? caller : null });
    case "starting":
    case "talking":
      return stop(state);
    case "failed":
      return retry({ ...state, caller }, state.backend);
    case "unsupported":
      return stay(state);
    default:
      return state satisfies never;
  }
}

function stop(state: SessionState): Transition {
  switch (state.name) {
    case "loading":
    case "stopping":
      return stay({ ...state, then: null });
    case "starting":
    case "talking": {
      const run = state.run + 1;
      return {
        state: { name: "stopping", run, backend: state.backend, then: null },
        effects: [{ type: "close-talk", run }],
      };
    }
    case "failed":
      // Escape puts the card away where the page is able to go on without more ado.
      return stay(state.engine === "kept" ? { name: "ready", ...base(state) } : state);
    case "ready":
    case "unsupported":
      return stay(state);
    default:
      return state satisfies never;
  }
}

function retry(state: SessionState, backend: BackendChoice): Transition {
  if (state.name === "unsupported") return load({ run: state.run, backend }, null);
  if (state.name !== "failed") return stay(state);
  if (state.engine === "kept" && backend === state.backend) {
    return state.caller === null
      ? stay({ name: "ready", ...base(state) })
      : openTalk(state, state.caller);
  }
  const next = load({ run: state.run, backend }, state.caller);
  return state.engine === "kept"
    ? { ...next, effects: [{ type: "drop-engine" }, ...next.effects] }
    : next;
}

function fail(state: SessionState, error: SottoErrorData): Transition {
  const { run, backend } = state;
  switch (state.name) {
    case "unsupported":
      return stay(state);
    case "failed":
      // The first failure is the one to tell; a later one may still take the engine with it.
      return state.engine === "kept" && !survives(error.code)
        ? {
            state: { ...state, engine: "gone" },
            effects: [{ type: "drop-engine" }],
          }
        : stay(state);
    case "loading":
      return error.code === "browser-unsupported"
        ? {
            state: { name: "unsupported", run, backend, error },
            effects: [{ type: "drop-engine" }],
          }
        : {
            state: {
              name: "failed",
              run,
              backend,
              error,
              engine: "gone",
              caller: state.then,
            },
            effects: [{ type: "drop-engine" }],
          };
    case "ready":
    case "stopping": {
      const engine = survives(error.code) ? "kept" : "gone";
      return {
        state: { name: "failed", run, backend, error, engine, caller: null },
        effects: engine === "gone" ? [{ type: "drop-engine" }] : [],
      };
    }
    case "starting":
    case "talking": {
      const engine = survives(error.code) ? "kept" : "gone";
      const closing: Effect = { type: "close-talk", run: run + 1 };
      return {
        state: {
          name: "failed",
          run: run + 1,
          backend,
          error,
          engine,
          caller: state.caller,
        },
        effects: engine === "gone" ? [closing, { type: "drop-engine" }] : [closing],
      };
    }
    default:
      return state satisfies never;
  }
}

function load(from: Base, then: Caller | null): Transition {
  const run = from.run + 1;
  return {
    state: { name: "loading", run, backend: from.backend, then },
    effects: [{ type: "load", run, backend: from.backend }],
  };
}

function openTalk(from: Base, caller: Caller): Transition {
  const run = from.run + 1;
  return {
    state: { name: "starting", run, backend: from.backend, caller },
    effects: [{ type: "open-talk", run, caller }],
  };
}

function stay(state: SessionState): Transition {
  return { state, effects: [] };
}

function base({ run, backend }: Base): Base {
  return { run, backend };
}

function survives(code: SottoErrorCode): boolean {
  return ERROR_HELP[code].engine === "kept";
}
