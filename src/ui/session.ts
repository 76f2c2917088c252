// The session controller: runs the effects of the state machine on the real worker and the real audio, and keeps
// the view that the card shows. Page thread. Both are injected, so that a test can let every one of them fail.

import { SottoError, type SottoErrorData } from "../shared/errors.ts";
import type { WorkerEvent } from "../shared/protocol.ts";
import { FrameProfile } from "../profile/frame-profile.ts";
import {
  activityOf,
  hearLevel,
  OWN_THRESHOLDS,
  SILENT,
  USER_THRESHOLDS,
  type VoiceState,
} from "./activity.ts";
import type { Microphone, VoiceIo, VoiceListener, VoiceSource } from "./audio/voice-io.ts";
import { NO_CAPTIONS, pushPiece } from "./captions.ts";
import { FIRST_VIEW, type CardView, type Levels } from "./card-view.ts";
import { deferred } from "./deferred.ts";
import type { EngineClient, EngineListener } from "./engine-client.ts";
import { EMPTY_METER, meterPhase, meterProgress } from "./load-meter.ts";
import { lookOf } from "./look.ts";
import type { PageOptions } from "./page-options.ts";
import type { Request } from "./requests.ts";
import { SAMPLE_CALLERS } from "./sample-callers.ts";
import {
  openSession,
  transition,
  type BackendChoice,
  type Caller,
  type Effect,
  type SessionEvent,
  type SessionState,
} from "./session-machine.ts";
import { sottoErrorOf } from "./thrown.ts";

export type Engine = Pick<EngineClient, "load" | "start" | "stop" | "terminate">;

/** What a session is made of. */
export interface SessionParts {
  readonly options: PageOptions;
  /** Why the address cannot have what it asks for, and `options` are the defaults; null where it can. */
  readonly optionsError: SottoError | null;
  /** What this browser lacks, or null. Asked again before every load. */
  readonly checkBrowser: () => SottoError | null;
  readonly createEngine: (listener: EngineListener) => Engine;
  readonly createVoice: (listener: VoiceListener) => VoiceIo;
  /** Told after every change, with the view to show. */
  readonly onChange: (view: CardView) => void;
}

/** The page shows a new pace every half second; every frame would only flicker. */
const PACE_EVERY_FRAMES = 6;
/** A sample caller has hung up when its clip is over and Sotto has been silent for this long. */
const HANG_UP_AFTER_MS = 8_000;
/** Putting the audio away may not keep the page waiting. */
const CLOSE_LIMIT_MS = 3_000;

/** One visit. `open` begins it; there is no end but the page's. */
export class Session implements EngineListener, VoiceListener {
  readonly #parts: SessionParts;
  readonly #voice: VoiceIo;
  #optionsError: SottoError | null;
  #state: SessionState;
  #view: CardView = FIRST_VIEW;
  #engine: Engine | null = null;
  /** Cancels the opening of a talk that is under way. */
  #cancelOpening: () => void = () => {};
  /** Settles when the audio has given up on the last opening; a permission prompt may keep it long. */
  #opening: Promise<unknown> = Promise.resolve();
  /** Settles when the last talk is put away. */
  #closing: Promise<unknown> = Promise.resolve();
  #engineTalks = false;
  #profile = new FrameProfile();
  #captions = NO_CAPTIONS;
  #user: VoiceState = SILENT;
  #own: VoiceState = SILENT;
  #clipQuietSinceMs: number | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#optionsError = parts.optionsError;
    this.#voice = parts.createVoice(this);
    this.#state = openSession(this.#parts.options.backend).state;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Begins the visit: the model loads at once. Call once. */
  open(): void {
    const { state, effects } = openSession(this.#parts.options.backend);
    this.#state = state;
    this.#publish();
    for (const effect of effects) this.#run(effect);
    this.#voice.microphones().then(
      (microphones) => this.onMicrophones(microphones),
      // Without a list the picker stays on the default; opening it will tell what is wrong.
      () => {},
    );
  }

  /** Levels as of now, for the orb. */
  readonly levels = (): Levels => {
    const { mic, speaker } = this.#voice.levels();
    return { user: mic, own: speaker };
  };

  /** What the visitor asks for. Call it inside the gesture: browsers start sound there only. */
  request(request: Request): void {
    switch (request.type) {
      case "press":
        this.#unlock();
        this.#send({ type: "press", caller: { kind: "mic" } });
        break;
      case "sample":
        this.#unlock();
        this.#send({ type: "press", caller: { kind: "sample", sampleId: request.sampleId } });
        break;
      case "retry":
        this.#unlock();
        this.#send(request);
        break;
      case "stop":
      case "toggle-mute":
        this.#send(request);
        break;
      case "pick-microphone":
        this.#pickMicrophone(request.microphoneId);
        break;
      default:
        request satisfies never;
    }
  }

  // From the worker.

  onEvent(event: WorkerEvent): void {
    switch (event.type) {
      case "progress":
        this.#show({ meter: meterProgress(this.#view.meter, event.progress, performance.now()) });
        break;
      case "phase":
        this.#show({ meter: meterPhase(this.#view.meter, event.phase) });
        break;
      case "backend":
        this.#show({ report: event.report });
        break;
      case "frame":
        this.#profile.record(event.report);
        this.#captions = pushPiece(this.#captions, event.report.frame, event.report.text);
        if (this.#captions.turns !== this.#view.turns) this.#show({ turns: this.#captions.turns });
        if (event.report.frame % PACE_EVERY_FRAMES === 0) this.#showPace();
        break;
      case "degraded":
        this.#send({ type: "degraded", reason: event.reason });
        break;
      case "failed":
        this.#fail(event.error);
        break;
      default:
        event satisfies never;
    }
  }

  onDeath(error: SottoError): void {
    this.#fail(error.toData());
  }

  // From the audio.

  onFailure(error: SottoError): void {
    this.#fail(error.toData());
  }

  onMicStats(): void {
    if (this.#state.name !== "talking") return;
    const nowMs = performance.now();
    const { mic, speaker } = this.#voice.levels();
    this.#user = hearLevel(this.#user, mic, nowMs, USER_THRESHOLDS);
    this.#own = hearLevel(this.#own, speaker, nowMs, OWN_THRESHOLDS);
    const activity = activityOf(this.#user, this.#own);
    if (activity !== this.#state.activity) this.#send({ type: "activity", activity });
    if (this.#clipQuietSinceMs === null) return;
    if (this.#own.audible) this.#clipQuietSinceMs = nowMs;
    else if (nowMs - this.#clipQuietSinceMs > HANG_UP_AFTER_MS) this.#send({ type: "stop" });
  }

  onClipEnded(): void {
    this.#clipQuietSinceMs = performance.now();
  }

  onMicrophones(microphones: readonly Microphone[]): void {
    const choices = microphones
      // Chromium lists the default once more under an id of its own; the picker has it already.
      .filter(({ deviceId }) => deviceId !== "" && deviceId !== "default")
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
    const stillThere = choices.some(({ id }) => id === this.#view.microphoneId);
    this.#show({
      microphones: choices,
      microphoneId: stillThere ? this.#view.microphoneId : "",
    });
  }

  // The machine.

  #send(event: SessionEvent): void {
    const { state, effects } = transition(this.#state, event);
    this.#state = state;
    this.#publish();
    for (const effect of effects) this.#run(effect);
  }

  #fail(error: SottoErrorData, run: number | null = null): void {
    this.#send({ type: "failed", run, error });
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case "load":
        void this.#load(effect.run, effect.backend);
        break;
      case "open-talk":
        void this.#openTalk(effect.run, effect.caller);
        break;
      case "close-talk":
        void this.#closeTalk(effect.run);
        break;
      case "drop-engine":
        this.#engine?.terminate();
        this.#engine = null;
        this.#engineTalks = false;
        this.#show({ report: null });
        break;
      case "set-muted":
        this.#voice.setMuted(effect.muted);
        break;
      default:
        effect satisfies never;
    }
  }

  async #load(run: number, backend: BackendChoice): Promise<void> {
    this.#show({ meter: EMPTY_METER, report: null });
    try {
      const lacking = this.#parts.checkBrowser();
      if (lacking !== null) throw lacking;
      const wrong = this.#optionsError;
      // Said once: trying again goes on with what the address would have without it.
      this.#optionsError = null;
      if (wrong !== null) throw wrong;
      const engine = this.#createEngine();
      this.#engine = engine;
      const report = await engine.load(this.#parts.options.modelUrl, backend);
      if (this.#engine !== engine) return;
      this.#show({ report });
      this.#send({ type: "loaded", run });
    } catch (thrown) {
      this.#fail(sottoErrorOf(thrown, "worker-died").toData(), run);
    }
  }

  /** An engine whose late words, after it was dropped, are not heard. */
  #createEngine(): Engine {
    const engine: Engine = this.#parts.createEngine({
      onEvent: (event) => {
        if (this.#engine === engine) this.onEvent(event);
      },
      onDeath: (error) => {
        if (this.#engine === engine) this.onDeath(error);
      },
    });
    return engine;
  }

  async #openTalk(run: number, caller: Caller): Promise<void> {
    const cancelled = deferred<never>();
    let isCancelled = false;
    cancelled.promise.catch(() => {});
    this.#cancelOpening = () => {
      isCancelled = true;
      cancelled.reject(new Error("The talk was cancelled."));
    };
    this.#beginTalk();
    try {
      const source = this.#sourceOf(caller);
      await Promise.race([Promise.all([this.#closing, this.#opening]), cancelled.promise]);
      const engine = this.#engine;
      if (engine === null) throw new Error("The engine is gone.");
      const opening = this.#voice.open(source);
      // A prompt that is answered after the cancellation opens a microphone that nobody waits for.
      this.#opening = opening.then(
        () => (isCancelled ? this.#voice.close() : undefined),
        () => {},
      );
      const ports = await Promise.race([opening, cancelled.promise]);
      this.#engineTalks = true;
      await engine.start(ports.mic, ports.speaker, this.#parts.options.settings);
      this.#send({ type: "talk-opened", run });
    } catch (thrown) {
      // After a cancellation the machine has moved on, and ignores the answer of this run.
      this.#fail(sottoErrorOf(thrown, "audio-unavailable").toData(), run);
    }
  }

  async #closeTalk(run: number): Promise<void> {
    this.#cancelOpening();
    const closing = this.#putTalkAway();
    this.#closing = closing;
    await closing;
    this.#send({ type: "talk-closed", run });
  }

  async #putTalkAway(): Promise<void> {
    const engine = this.#engine;
    if (engine !== null && this.#engineTalks) {
      this.#engineTalks = false;
      try {
        await engine.stop();
      } catch (thrown) {
        // Of an engine that was dropped meanwhile the failure has been told already.
        if (this.#engine === engine) this.#fail(sottoErrorOf(thrown, "engine-failed").toData());
      }
    }
    const limit = deferred<void>();
    const timer = setTimeout(() => limit.resolve(), CLOSE_LIMIT_MS);
    await Promise.race([this.#voice.close(), limit.promise]);
    clearTimeout(timer);
  }

  #beginTalk(): void {
    this.#profile = new FrameProfile();
    this.#captions = NO_CAPTIONS;
    this.#user = SILENT;
    this.#own = SILENT;
    this.#clipQuietSinceMs = null;
    this.#show({ turns: [], pace: null });
  }

  #sourceOf(caller: Caller): VoiceSource {
    if (caller.kind === "mic") return { kind: "mic", deviceId: this.#view.microphoneId || null };
    const sample = SAMPLE_CALLERS.find(({ id }) => id === caller.sampleId);
    if (sample === undefined) {
      throw new SottoError(
        "bad-argument",
        `There is no sample caller “${caller.sampleId}”.`,
        "Use the button on the page.",
      );
    }
    return { kind: "clip", url: sample.url, audible: true };
  }

  #unlock(): void {
    const { name } = this.#state;
    if (name !== "talking" && name !== "starting") this.#voice.unlock();
  }

  #pickMicrophone(microphoneId: string): void {
    this.#show({ microphoneId });
    const { name } = this.#state;
    if (name !== "talking" || this.#state.caller.kind !== "mic") return;
    this.#voice.switchMicrophone(microphoneId || "default").catch((thrown: unknown) => {
      this.#fail(sottoErrorOf(thrown, "mic-absent").toData());
    });
  }

  // The view.

  #publish(): void {
    const state = this.#state;
    this.#show({
      look: lookOf(state),
      caller: callerOf(state),
      backend: state.backend,
      muted: state.name === "talking" && state.muted,
      degraded: state.name === "talking" ? state.degraded : null,
      error: state.name === "failed" || state.name === "unsupported" ? state.error : null,
    });
  }

  #showPace(): void {
    const { frames, realTimeFactor, stages } = this.#profile.summary();
    if (frames === 0) return;
    const { p50, p95 } = stages.total;
    this.#show({ pace: { p50Ms: p50, p95Ms: p95, realTimeFactor } });
  }

  #show(change: Partial<CardView>): void {
    this.#view = { ...this.#view, ...change };
    this.#parts.onChange(this.#view);
  }
}

function callerOf(state: SessionState): Caller | null {
  switch (state.name) {
    case "loading":
    case "stopping":
      return state.then;
    case "starting":
    case "talking":
    case "failed":
      return state.caller;
    case "ready":
    case "unsupported":
      return null;
    default:
      return state satisfies never;
  }
}
