// A page script that runs a small graph on WebGPU, for gpu-loss.spec.ts. Bundled for the test only; browser.

import { SottoError } from "../../src/shared/errors.ts";
import { Graph } from "../../src/worker/graph/index.ts";
import { openRuntime } from "../../src/worker/runtime/runtime.ts";
import type { GraphSession, Runtime } from "../../src/worker/runtime/session.ts";

/** A sum that grows by 2 in every run, held on the GPU; 2 is a weight that all sessions share. */
const TWO = Float32Array.of(2, 2, 2, 2);

function counterGraph() {
  const graph = new Graph("counter", "webgpu");
  const sum = graph.state("sum", "float32", [4]);
  const next = sum.add(graph.weight("two", { dtype: "float32", shape: [4], data: TWO }));
  graph.keep(sum, next);
  graph.output("sum now", next);
  return graph.build();
}

class Bench {
  #runtime: Runtime | undefined;
  #sessions: GraphSession[] = [];
  #lossCode: string | null = null;

  async open(sessions: number): Promise<void> {
    const ortBase = new URL("/ort/", location.href).href;
    const runtime = await openRuntime({ backend: "webgpu", threads: 1, ortBase });
    void runtime.lost.then(({ code }) => (this.#lossCode = code));
    this.#runtime = runtime;
    for (let i = 0; i < sessions; i += 1)
      this.#sessions.push(await runtime.createSession(counterGraph()));
  }

  /** The sum after one more run, or the code of the error. */
  async run(session: number): Promise<number | string> {
    try {
      const outputs = await this.#sessions[session]?.run({});
      return Number(outputs?.["sum now"]?.[0]);
    } catch (thrown) {
      return thrown instanceof SottoError ? thrown.code : String(thrown);
    }
  }

  /** Resets one session. */
  async reset(session: number): Promise<void> {
    await this.#sessions[session]?.reset();
  }

  /** Disposes of one session, and forgets nothing else. */
  async disposeSession(session: number): Promise<void> {
    await this.#sessions[session]?.dispose();
  }

  lossCode(): string | null {
    return this.#lossCode;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.dispose();
    await this.#runtime?.dispose();
    this.#sessions = [];
    this.#runtime = undefined;
  }
}

declare global {
  var bench: Bench;
}

globalThis.bench = new Bench();
