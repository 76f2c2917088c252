// The worker's side of WorkerApi: one model, at most one conversation, and calls that take turns.
// Runs in the model worker; what loads a model is passed in, so that Node can test the rest.

import { SottoError } from "../shared/errors.ts";
import type { BackendReport, SessionSettings, WorkerApi, WorkerEvent } from "../shared/protocol.ts";
import type { BackendChoice } from "./load-backend.ts";
import type { LoadedModel } from "./load-model.ts";
import { MicQueue } from "./pipeline-mic.ts";
import { converseLive, startConversation } from "./pipeline.ts";

export type LoadModel = (
  modelUrl: string,
  backend: BackendChoice,
  emit: (event: WorkerEvent) => void,
) => Promise<LoadedModel>;

interface Conversation {
  readonly mic: MicQueue;
  /** Resolves when the loop has ended; never rejects. */
  readonly over: Promise<void>;
}

/** Every method rejects with SottoError only. */
export class Engine implements WorkerApi {
  readonly #loadModel: LoadModel;
  #telemetry: MessagePort | null = null;
  #loaded: LoadedModel | null = null;
  #conversation: Conversation | null = null;
  /** The last call in line; load, start and stop run one after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(loadModel: LoadModel) {
    this.#loadModel = loadModel;
  }

  load(modelUrl: string, backend: BackendChoice): Promise<BackendReport> {
    return this.#inTurn(async () => {
      await this.#endConversation();
      const previous = this.#loaded;
      this.#loaded = null;
      await previous?.model.dispose();
      this.#loaded = await this.#loadModel(modelUrl, backend, this.#emit);
      return this.#loaded.report;
    });
  }

  start(
    micPort: MessagePort,
    speakerPort: MessagePort,
    settings: Partial<SessionSettings>,
  ): Promise<void> {
    return this.#inTurn(async () => {
      await this.#endConversation();
      if (this.#loaded === null) {
        throw new SottoError("bad-argument", "No model is loaded.", "Load a model first.");
      }
      const { model } = this.#loaded;
      await startConversation(model, { ...model.defaults, ...settings });
      // What the mic sent meanwhile waits in the port and is worked off like any other backlog.
      const mic = new MicQueue(micPort);
      const over = converseLive(
        model,
        mic,
        (message) => {
          const owned = message.type === "speaker-frame" ? [message.samples.buffer] : [];
          speakerPort.postMessage(message, owned);
        },
        this.#emit,
      ).finally(() => {
        mic.end();
        speakerPort.close();
      });
      this.#conversation = { mic, over };
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#endConversation());
  }

  subscribe(port: MessagePort): Promise<void> {
    this.#telemetry = port;
    return Promise.resolve();
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  readonly #emit = (event: WorkerEvent): void => this.#telemetry?.postMessage(event);

  async #endConversation(): Promise<void> {
    this.#conversation?.mic.end();
    await this.#conversation?.over;
    this.#conversation = null;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act).catch((thrown: unknown) => {
      throw SottoError.from(
        thrown,
        "engine-failed",
        "Try again; if it fails again, reload the page.",
      );
    });
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
