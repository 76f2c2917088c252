// The page's end of the model worker: one long-lived comlink remote, every call raced against the worker's death.
// comlink itself never settles a call whose worker has crashed (comlink 4.4, src/comlink.ts `wrap`), so the watch is ours.

import * as Comlink from "comlink";
import { SottoError } from "../shared/errors.ts";
import type { BackendReport, SessionSettings, WorkerApi, WorkerEvent } from "../shared/protocol.ts";
import { deferred } from "./deferred.ts";
import type { BackendChoice } from "./session-machine.ts";
import { sottoErrorOf } from "./thrown.ts";

/** What the client needs of a Worker. */
export type WorkerLike = Pick<
  Worker,
  "postMessage" | "addEventListener" | "removeEventListener" | "terminate"
>;

/** How long the client waits, in milliseconds. */
export interface Patience {
  readonly pingEvery: number;
  /** Silence after which a talking or idle worker counts as dead. */
  readonly silence: number;
  /** The same while loading: compiling a graph may block the worker for long. */
  readonly silenceWhileLoading: number;
  /** No byte for this long while downloading is a failed download. */
  readonly downloadStall: number;
  readonly start: number;
  readonly stop: number;
}

export const PATIENCE: Patience = {
  pingEvery: 1_000,
  silence: 8_000,
  silenceWhileLoading: 90_000,
  downloadStall: 30_000,
  start: 30_000,
  stop: 5_000,
};

export interface EngineListener {
  onEvent(event: WorkerEvent): void;
  /** Called once, when the worker crashes or falls silent. `terminate` after a death is still the caller's to do. */
  onDeath(error: SottoError): void;
}

/** Owns the worker and the telemetry port. After `terminate` every pending call is rejected and nothing more is reported. */
export class EngineClient {
  readonly #worker: WorkerLike;
  readonly #remote: Comlink.Remote<WorkerApi>;
  readonly #listener: EngineListener;
  readonly #patience: Patience;
  readonly #telemetry = new MessageChannel();
  /** Rejects when the worker dies. Raced by few calls only: each race stays referenced by it. */
  readonly #death = deferred<never>();
  #ended = false;
  #loading = false;
  #pingTimer: ReturnType<typeof setTimeout> | undefined;
  /** Time of the last sign that the download goes on; null once it is over. */
  #downloadNewsMs: number | null = null;
  #rejectDownload: (error: SottoError) => void = () => {};

  constructor(worker: WorkerLike, listener: EngineListener, patience: Patience = PATIENCE) {
    this.#worker = worker;
    this.#listener = listener;
    this.#patience = patience;
    this.#death.promise.catch(() => {});
    worker.addEventListener("error", this.#onWorkerError);
    worker.addEventListener("messageerror", this.#onMessageError);
    this.#remote = Comlink.wrap<WorkerApi>(worker);
    this.#telemetry.port1.onmessage = (message: MessageEvent<WorkerEvent>) => {
      this.#onEvent(message.data);
    };
    const { port2 } = this.#telemetry;
    this.#remote.subscribe(Comlink.transfer(port2, [port2])).catch((thrown: unknown) => {
      this.#die("The engine could not be set up.", thrown);
    });
    this.#ping();
  }

  /** Loads a model directory; progress comes through the listener. Throws SottoError. */
  async load(modelUrl: string, backend: BackendChoice): Promise<BackendReport> {
    const download = deferred<never>();
    this.#rejectDownload = download.reject;
    this.#downloadNewsMs = performance.now();
    this.#loading = true;
    try {
      return await Promise.race([
        this.#remote.load(modelUrl, backend),
        download.promise,
        this.#death.promise,
      ]);
    } catch (thrown) {
      throw sottoErrorOf(thrown, "engine-failed");
    } finally {
      this.#loading = false;
      this.#downloadNewsMs = null;
    }
  }

  /** Begins a talk between the two ports, which go over to the worker. Throws SottoError. */
  async start(
    micPort: MessagePort,
    speakerPort: MessagePort,
    settings: Partial<SessionSettings>,
  ): Promise<void> {
    await this.#inTime(
      this.#remote.start(
        Comlink.transfer(micPort, [micPort]),
        Comlink.transfer(speakerPort, [speakerPort]),
        settings,
      ),
      this.#patience.start,
      "start the talk",
    );
  }

  /** Ends the talk; the model stays loaded. Throws SottoError. */
  async stop(): Promise<void> {
    await this.#inTime(this.#remote.stop(), this.#patience.stop, "stop the talk");
  }

  /** Ends the worker at once. Idempotent. */
  terminate(): void {
    if (!this.#ended) this.#end(workerDied("The engine was put away."));
    this.#worker.terminate();
  }

  async #inTime(call: Promise<void>, limitMs: number, deed: string): Promise<void> {
    const late = deferred<never>();
    const timer = setTimeout(() => {
      late.reject(workerDied(`The engine did not ${deed} within ${limitMs / 1_000} seconds.`));
    }, limitMs);
    try {
      await Promise.race([call, late.promise, this.#death.promise]);
    } catch (thrown) {
      throw sottoErrorOf(thrown, "engine-failed");
    } finally {
      clearTimeout(timer);
    }
  }

  /** One heartbeat: ask, then either wait for the next or count the worker as dead. */
  #ping(): void {
    this.#watchPulse(performance.now());
    this.#remote.ping().then(
      () => {
        if (this.#ended) return;
        clearTimeout(this.#pingTimer);
        this.#checkDownload();
        this.#pingTimer = setTimeout(() => this.#ping(), this.#patience.pingEvery);
      },
      (thrown: unknown) => this.#die("The engine failed its heartbeat.", thrown),
    );
  }

  #watchPulse(askedMs: number): void {
    // Read again at each look: a load may have begun or ended since the question.
    const limitMs = (): number =>
      this.#loading ? this.#patience.silenceWhileLoading : this.#patience.silence;
    this.#pingTimer = setTimeout(
      () => {
        const silentMs = performance.now() - askedMs;
        if (silentMs < limitMs()) this.#watchPulse(askedMs);
        // A timer that is itself far too late tells of a page that slept, not of a dead worker: ask again.
        else if (silentMs > 2 * limitMs()) this.#ping();
        else this.#die(`The engine has not answered for ${Math.round(silentMs / 1_000)} seconds.`);
      },
      Math.max(0, askedMs + limitMs() - performance.now()),
    );
  }

  #checkDownload(): void {
    const stalledMs = performance.now() - (this.#downloadNewsMs ?? Infinity);
    if (stalledMs < this.#patience.downloadStall) return;
    this.#rejectDownload(
      new SottoError(
        "network-failed",
        `No data of the model arrived for ${Math.round(stalledMs / 1_000)} seconds.`,
        "Check the connection and try again.",
      ),
    );
  }

  #onEvent(event: WorkerEvent): void {
    if (this.#ended) return;
    if (this.#downloadNewsMs !== null) {
      const downloadIsOver = event.type === "phase" && event.phase !== "downloading";
      this.#downloadNewsMs = downloadIsOver ? null : performance.now();
    }
    this.#listener.onEvent(event);
  }

  // A script that fails to load dispatches a plain Event, without a message.
  readonly #onWorkerError = (event: Event): void => {
    this.#die("The engine crashed.", "message" in event ? event.message : undefined);
  };

  readonly #onMessageError = (): void => {
    this.#die("A message from the engine could not be read.");
  };

  #die(what: string, cause?: unknown): void {
    if (this.#ended) return;
    const error = workerDied(what, cause);
    this.#end(error);
    this.#listener.onDeath(error);
  }

  #end(error: SottoError): void {
    this.#ended = true;
    clearTimeout(this.#pingTimer);
    this.#worker.removeEventListener("error", this.#onWorkerError);
    this.#worker.removeEventListener("messageerror", this.#onMessageError);
    this.#telemetry.port1.close();
    this.#death.reject(error);
  }
}

function workerDied(what: string, cause?: unknown): SottoError {
  return new SottoError("worker-died", what, "Try again: the model is loaded afresh.", cause);
}
