// The real client and real comlink over a message channel; only the thread is left out.

import * as Comlink from "comlink";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SottoErrorData } from "../shared/errors.ts";
import type { BackendReport, WorkerApi, WorkerEvent } from "../shared/protocol.ts";
import { EngineClient, PATIENCE, type Patience } from "./engine-client.ts";

const REPORT: BackendReport = { backend: "wasm", device: "CPU", threads: 2, reason: "Asked for." };
/** Short enough for a test, long enough for a busy machine. */
const BRISK: Patience = {
  pingEvery: 10,
  silence: 150,
  silenceWhileLoading: 600,
  downloadStall: 150,
  start: 150,
  stop: 150,
};
const forever = new Promise<never>(() => {});

/** A Worker without a thread: two ports, and the event target that a real one is. */
class ChannelWorker extends EventTarget {
  readonly #near: MessagePort;
  terminated = false;

  constructor(api: WorkerApi) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    port1.onmessage = ({ data }) => this.dispatchEvent(new MessageEvent("message", { data }));
    Comlink.expose(api, port2);
  }

  postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []): void {
    this.#near.postMessage(message, Array.isArray(transfer) ? transfer : (transfer.transfer ?? []));
  }

  terminate(): void {
    this.terminated = true;
    this.#near.close();
  }
}

class FakeApi implements WorkerApi {
  port: MessagePort | undefined;
  load = async (): Promise<BackendReport> => REPORT;
  start = async (): Promise<void> => {};
  stop = async (): Promise<void> => {};
  ping = async (): Promise<void> => {};
  subscribe = async (port: MessagePort): Promise<void> => {
    this.port = port;
  };

  send(event: WorkerEvent): void {
    this.port?.postMessage(event);
  }
}

const open: EngineClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.terminate();
});

function connect(overrides: Partial<FakeApi> = {}, patience = PATIENCE) {
  const api = Object.assign(new FakeApi(), overrides);
  const worker = new ChannelWorker(api);
  const events: WorkerEvent[] = [];
  const deaths: SottoErrorData[] = [];
  const client = new EngineClient(
    worker,
    { onEvent: (event) => events.push(event), onDeath: (error) => deaths.push(error.toData()) },
    patience,
  );
  open.push(client);
  return { api, worker, client, events, deaths };
}

describe("EngineClient", () => {
  test("loads, starts with both ports handed over, and stops", async () => {
    const received: MessagePort[] = [];
    const start = async (...args: unknown[]): Promise<void> => {
      received.push(...args.filter((arg) => arg instanceof MessagePort));
    };
    const { client } = connect({ start });
    await expect(client.load("models/wren/", "auto")).resolves.toEqual(REPORT);
    const [mic, speaker] = [new MessageChannel(), new MessageChannel()];
    await client.start(mic.port1, speaker.port1, { seed: 1 });
    await client.stop();
    expect(received).toHaveLength(2);
    for (const port of [...received, mic.port2, speaker.port2]) port.close();
  });

  test("passes telemetry on until it is terminated", async () => {
    const { api, client, events } = connect();
    await client.load("models/wren/", "auto");
    api.send({ type: "degraded", reason: "Slow." });
    await vi.waitFor(() => expect(events).toEqual([{ type: "degraded", reason: "Slow." }]));
    client.terminate();
    api.send({ type: "degraded", reason: null });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toHaveLength(1);
  });

  test("keeps the code of an error that the worker rejects with", async () => {
    const error: SottoErrorData = {
      code: "model-file-missing",
      what: "No w.bin.",
      remedy: "Add it.",
    };
    const { client } = connect({
      load: async () => {
        throw error;
      },
    });
    await expect(client.load("models/wren/", "auto")).rejects.toMatchObject(error);
  });

  test("turns an unknown error into engine-failed with its message as the detail", async () => {
    const { client } = connect({
      load: async () => {
        throw new Error("boom");
      },
    });
    await expect(client.load("models/wren/", "auto")).rejects.toMatchObject({
      code: "engine-failed",
      detail: "boom",
    });
  });

  test.each(["error", "messageerror"])("rejects pending calls on a worker's %s", async (type) => {
    const { client, worker, deaths } = connect({ load: () => forever });
    const loading = client.load("models/wren/", "auto");
    worker.dispatchEvent(new Event(type));
    await expect(loading).rejects.toMatchObject({ code: "worker-died" });
    await expect(client.stop()).rejects.toMatchObject({ code: "worker-died" });
    expect(deaths).toMatchObject([{ code: "worker-died" }]);
  });

  test("notices a silent worker by its heartbeat, once", async () => {
    const { client, deaths } = connect({ ping: () => forever, start: () => forever }, BRISK);
    await vi.waitFor(() => expect(deaths).toMatchObject([{ code: "worker-died" }]));
    await expect(client.load("models/wren/", "auto")).rejects.toMatchObject({
      code: "worker-died",
    });
    expect(deaths).toHaveLength(1);
  });

  test("is more patient with silence while loading", async () => {
    const { client, deaths } = connect(
      { ping: () => forever, load: () => forever },
      { ...BRISK, downloadStall: 60_000 },
    );
    const begunMs = performance.now();
    await expect(client.load("models/wren/", "auto")).rejects.toMatchObject({
      code: "worker-died",
    });
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(BRISK.silenceWhileLoading - 20);
    expect(deaths).toHaveLength(1);
  });

  test("ends a download that stands still, but not a long compilation", async () => {
    const stalled = connect({ load: () => forever }, BRISK);
    await expect(stalled.client.load("models/wren/", "auto")).rejects.toMatchObject({
      code: "network-failed",
    });

    const compiled = connect({}, BRISK);
    compiled.api.load = async () => {
      compiled.api.send({ type: "phase", phase: "compiling" });
      await new Promise((resolve) => setTimeout(resolve, 3 * BRISK.downloadStall));
      return REPORT;
    };
    await expect(compiled.client.load("models/wren/", "auto")).resolves.toEqual(REPORT);
  });

  test.each(["start", "stop"] as const)("does not wait for ever on %s", async (call) => {
    const { client } = connect({ [call]: () => forever }, BRISK);
    const [mic, speaker] = [new MessageChannel(), new MessageChannel()];
    const pending = call === "stop" ? client.stop() : client.start(mic.port1, speaker.port1, {});
    await expect(pending).rejects.toMatchObject({ code: "worker-died" });
    mic.port2.close();
    speaker.port2.close();
  });

  test("terminates the worker and rejects what is pending", async () => {
    const { client, worker, deaths } = connect({ load: () => forever });
    const loading = client.load("models/wren/", "auto");
    client.terminate();
    client.terminate();
    await expect(loading).rejects.toMatchObject({ code: "worker-died" });
    expect(worker.terminated).toBe(true);
    expect(deaths, "an intended end is not a death").toEqual([]);
  });
});
