import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { Graph } from "../graph/index.ts";
import { openRuntime } from "./runtime.ts";
import type { Runtime } from "./session.ts";

let runtime: Runtime;
beforeAll(async () => {
  const options = { backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode } as const;
  runtime = await openRuntime(options);
});
afterAll(() => runtime.dispose());

/** Adds x to a running sum. */
function sumGraph() {
  const graph = new Graph("sum", "wasm");
  const sum = graph.state("sum so far", "float32", [2]);
  const next = sum.add(graph.input("x", "float32", [2]));
  graph.keep(sum, next);
  graph.output("sum", next);
  return graph.build();
}

const codeOf = (doing: Promise<unknown>): Promise<unknown> =>
  doing.then(
    () => "no failure",
    (thrown: { code: unknown }) => thrown.code,
  );

describe("a WASM session", () => {
  it("runs two sessions whose calls are made at once", async () => {
    const [a, b] = await Promise.all([
      runtime.createSession(sumGraph()),
      runtime.createSession(sumGraph()),
    ]);
    const x = Float32Array.of(1, 2);
    await Promise.all([a.run({ x }), b.run({ x })]);
    const [{ sum }] = await Promise.all([a.run({ x }), b.reset()]);
    expect(sum).toEqual(Float32Array.of(2, 4));
    expect((await b.run({ x }))["sum"]).toEqual(x);
    await Promise.all([a.dispose(), b.dispose()]);
  });

  it("shares no states that a run replaces, nor those of another graph", async () => {
    const owner = await runtime.createSession(sumGraph());
    const graph = new Graph("stateless", "wasm");
    graph.output("twice", graph.input("x", "float32", [2]).mul(2));
    await expect(runtime.createSession(graph.build(), owner)).rejects.toThrow(/cannot share/);
    await expect(runtime.createSession(sumGraph(), owner)).rejects.toThrow(/replaces states/);
    await owner.dispose();
  });

  it("hands out arrays that the next run leaves alone", async () => {
    const session = await runtime.createSession(sumGraph());
    const x = Float32Array.of(1, 2);
    const { sum } = await session.run({ x });
    await session.run({ x });
    expect(sum).toEqual(x);
    await session.dispose();
  });

  it("refuses inputs that are missing, unknown, or of another type or length", async () => {
    const session = await runtime.createSession(sumGraph());
    const x = Float32Array.of(1, 2);
    expect(await codeOf(session.run({}))).toBe("bad-argument");
    expect(await codeOf(session.run({ x, y: x }))).toBe("bad-argument");
    expect(await codeOf(session.run({ x: Int32Array.of(1, 2) }))).toBe("bad-argument");
    expect(await codeOf(session.run({ x: Float32Array.of(1) }))).toBe("bad-argument");
    expect((await session.run({ x }))["sum"]).toEqual(x);
    await session.dispose();
  });

  it("refuses to run after dispose, which may be called twice", async () => {
    const session = await runtime.createSession(sumGraph());
    await session.dispose();
    await session.dispose();
    expect(await codeOf(session.run({ x: new Float32Array(2) }))).toBe("engine-failed");
  });

  it("tells of a graph that does not compile", async () => {
    const graph = new Graph("nonsense", "wasm");
    const x = graph.input("x", "float32", [1]);
    graph.output("y", graph.op("NoSuchOperator", [x], {}, x));
    expect(await codeOf(runtime.createSession(graph.build()))).toBe("engine-failed");
  });
});

it("tells of a runtime that does not load", async () => {
  const loadOrt = () => Promise.reject(new Error("no file"));
  const opening = openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt });
  expect(await codeOf(opening)).toBe("engine-failed");
});

it("tells of a machine without WebGPU", async () => {
  const opening = openRuntime({
    backend: "webgpu",
    threads: 1,
    ortBase: "",
    loadOrt: loadOrtInNode,
  });
  expect(await codeOf(opening)).toBe("webgpu-absent");
});
