// What authored graphs compute, by running them on ONNX Runtime's WASM back end.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime, TensorMap } from "../runtime/session.ts";
import type { Tensor } from "./index.ts";
import {
  attend,
  concat,
  conv1d,
  convTranspose1d,
  Graph,
  layerNorm,
  rmsNorm,
  rotary,
  ShapeError,
} from "./index.ts";

let runtime: Runtime;
beforeAll(async () => {
  const options = { backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode } as const;
  runtime = await openRuntime(options);
});
afterAll(() => runtime.dispose());

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

/** Builds a graph whose outputs `describeGraph` returns by name, and runs it once. */
async function compute(
  describeGraph: (graph: Graph) => Readonly<Record<string, Tensor>>,
  inputs: TensorMap = {},
): Promise<Record<string, number[]>> {
  const graph = new Graph("test", "wasm");
  for (const [name, tensor] of Object.entries(describeGraph(graph))) graph.output(name, tensor);
  const session = await runtime.createSession(graph.build());
  const outputs = await session.run(inputs);
  await session.dispose();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, data]) => [name, Array.from(data, Number)]),
  );
}

describe("operators", () => {
  it("does arithmetic with tensors and scalars", async () => {
    const { sum, chosen } = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [2, 2]);
        const y = graph.input("y", "float32", [2]);
        return {
          sum: x.add(y).mul(2).sub(1).div(0.5).max(0).min(30),
          chosen: x.greaterOrEqual(2).where(x, x.neg()),
        };
      },
      { x: f32(1, 2, 3, 4), y: f32(10, -5) },
    );
    expect(sum).toEqual([30, 0, 30, 0]);
    expect(chosen).toEqual([-1, 2, 3, 4]);
  });

  it("multiplies rows by weights stored [out, in]", async () => {
    const { y, product } = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [1, 2]);
        const weight = graph.weight("w", {
          dtype: "float32",
          shape: [3, 2],
          data: f32(1, 0, 0, 1, 1, 1),
        });
        const bias = graph.weight("b", { dtype: "float32", shape: [3], data: f32(0, 0, 10) });
        return { y: x.linear(weight, bias), product: x.transpose(1, 0).matmul(x) };
      },
      { x: f32(2, 3) },
    );
    expect(y).toEqual([2, 3, 15]);
    expect(product).toEqual([4, 6, 6, 9]);
  });

  it("moves elements about", async () => {
    const out = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [2, 3]);
        const [left, right] = x.split(1, [1, 2]);
        return {
          left,
          right,
          middle: x.slice(-1, 1, 2),
          joined: concat([right, left], 1),
          wide: x.reshape(3, -1).transpose(1, 0),
          picked: x.gather(graph.constant("int32", [2], Int32Array.of(2, 0)), 1),
          grown: left.expand(2, 2),
        };
      },
      { x: f32(1, 2, 3, 4, 5, 6) },
    );
    expect(out).toEqual({
      left: [1, 4],
      right: [2, 3, 5, 6],
      middle: [2, 5],
      joined: [2, 3, 1, 5, 6, 4],
      wide: [1, 3, 5, 2, 4, 6],
      picked: [3, 1, 6, 4],
      grown: [1, 1, 4, 4],
    });
  });

  it("reduces, and takes the first of equals", async () => {
    const out = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [1, 4]);
        const { values, indices } = x.topK(2);
        return {
          largest: x.argMax(1),
          smallest: x.argMin(1, false),
          values,
          indices,
          mean: x.mean(1),
          total: x.sum(-1, false),
          flags: x.equal(3).cast("int32"),
        };
      },
      { x: f32(1, 3, 1, 3) },
    );
    expect(out).toEqual({
      largest: [1],
      smallest: [0],
      values: [3, 3],
      indices: [1, 3],
      mean: [2],
      total: [8],
      flags: [0, 1, 0, 1],
    });
  });

  it("activates", async () => {
    const { elu, gelu, silu, soft } = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [2]);
        return { elu: x.elu(), gelu: x.gelu(), silu: x.silu(), soft: x.softmax() };
      },
      { x: f32(1, -1) },
    );
    expect(elu?.[1]).toBeCloseTo(Math.exp(-1) - 1, 6);
    expect(gelu?.[0]).toBeCloseTo(0.8413447, 6);
    expect(silu?.[1]).toBeCloseTo(-1 / (1 + Math.E), 6);
    expect(soft?.[0]).toBeCloseTo(Math.E / (Math.E + 1 / Math.E), 6);
  });
});

describe("layers", () => {
  it("normalises", async () => {
    const { rms, layer } = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [1, 2]);
        const scale = graph.constant("float32", [2], f32(1, 2));
        return {
          rms: rmsNorm(x, scale, 1e-8),
          layer: layerNorm(x, scale, graph.constant("float32", [2], f32(5, 5)), 1e-5),
        };
      },
      { x: f32(3, 4) },
    );
    const root = Math.sqrt(12.5);
    expect(rms?.[0]).toBeCloseTo(3 / root, 5);
    expect(rms?.[1]).toBeCloseTo(8 / root, 5);
    expect(layer?.[0]).toBeCloseTo(5 - 1, 4);
    expect(layer?.[1]).toBeCloseTo(5 + 2, 4);
  });

  it("convolves and transposes convolution", async () => {
    const { conv, transposed } = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [1, 1, 4]);
        const kernel = graph.constant("float32", [1, 1, 2], f32(1, 10));
        const bias = graph.constant("float32", [1], f32(0.5));
        return {
          conv: conv1d(x, kernel, bias, { stride: 2 }),
          transposed: convTranspose1d(x, kernel, null, { stride: 1 }),
        };
      },
      { x: f32(1, 2, 3, 4) },
    );
    expect(conv).toEqual([21.5, 43.5]);
    expect(transposed).toEqual([1, 12, 23, 34, 40]);
  });

  it("rotates neighbours, or halves", async () => {
    const { neighbours, halves } = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [1, 1, 1, 4]);
        const cos = graph.constant("float32", [1, 2], f32(0, 1));
        const sin = graph.constant("float32", [1, 2], f32(1, 0));
        return {
          neighbours: rotary(x, cos, sin, { interleaved: true }),
          halves: rotary(x, cos, sin, { interleaved: false }),
        };
      },
      { x: f32(1, 2, 3, 4) },
    );
    expect(neighbours).toEqual([-2, 1, 3, 4]);
    expect(halves).toEqual([-3, 2, 1, 4]);
  });

  it("attends to the keys that the bias shows", async () => {
    const { seen } = await compute(
      (graph) => {
        const query = graph.input("query", "float32", [1, 1, 2]);
        const key = graph.constant("float32", [1, 1, 2, 2], f32(1, 0, 0, 1));
        const value = graph.constant("float32", [1, 1, 2, 2], f32(1, 2, 3, 4));
        const bias = graph.constant("float32", [1, 1, 1, 2], f32(-1e30, 0));
        return { seen: attend(query, key, value, bias) };
      },
      { query: f32(100, 0) },
    );
    expect(seen).toEqual([3, 4]);
  });
});

describe("Graph", () => {
  it("names a tensor that is an input, or an output twice", async () => {
    const out = await compute(
      (graph) => {
        const x = graph.input("x", "float32", [1]);
        const y = x.add(1);
        return { same: x, one: y, two: y, after: y.mul(2) };
      },
      { x: f32(1) },
    );
    expect(out).toEqual({ same: [1], one: [2], two: [2], after: [4] });
  });

  it("keeps states from run to run, and forgets them on reset", async () => {
    const graph = new Graph("counter", "wasm");
    const count = graph.state("count", "float32", [1]);
    const ring = graph.state("ring", "float32", [3]);
    const slot = graph.input("slot", "int64", [1, 1]);
    const next = count.add(1);
    const written = ring.scatter(slot, next);
    graph.keep(count, next);
    graph.keep(ring, written, { inPlace: true });
    graph.output("ring now", written.mul(1));
    const session = await runtime.createSession(graph.build());
    const run = async (at: number): Promise<number[]> =>
      Array.from(
        (await session.run({ slot: BigInt64Array.of(BigInt(at)) }))["ring now"] ?? [],
        Number,
      );
    expect(await run(0)).toEqual([1, 0, 0]);
    expect(await run(2)).toEqual([1, 0, 2]);
    expect(await run(0)).toEqual([3, 0, 2]);
    await session.reset();
    expect(await run(1)).toEqual([0, 1, 0]);
    await session.dispose();
  });

  it("lowers weights to initialisers on WASM and to inputs on WebGPU", () => {
    const data = new Float32Array(10_000).fill(0.5);
    const build = (lowering: "wasm" | "webgpu") => {
      const graph = new Graph("model", lowering);
      const weight = graph.weight("w", { dtype: "float32", shape: [100, 100], data });
      expect(graph.weight("w", { dtype: "float32", shape: [100, 100], data })).toBe(weight);
      graph.output("y", graph.input("x", "float32", [1, 100]).linear(weight));
      return graph.build();
    };
    const wasm = build("wasm");
    const webgpu = build("webgpu");
    expect(wasm.weights).toEqual([]);
    expect(wasm.model.length).toBeGreaterThan(data.byteLength);
    expect(webgpu.weights.map(({ name }) => name)).toEqual(["w"]);
    expect(webgpu.weights[0]?.tensor.data).toBe(data);
    expect(webgpu.model.length).toBeLessThan(1_000);
    expect(wasm.nodeCount).toBe(1);
  });

  it("refuses shapes that do not fit while building", () => {
    const graph = new Graph("wrong", "wasm");
    const x = graph.input("x", "float32", [2, 3]);
    const weight = graph.input("w", "float32", [4, 2]);
    const indices = graph.input("i", "int64", [1, 1]);
    expect(() => x.linear(weight)).toThrow(ShapeError);
    expect(() => x.matmul(x)).toThrow(ShapeError);
    expect(() => x.add(indices)).toThrow(ShapeError);
    expect(() => x.slice(1, 2, 4)).toThrow(ShapeError);
    expect(() => x.split(1, [1, 1])).toThrow(ShapeError);
    expect(() => x.scatter(indices, x)).toThrow(ShapeError);
    expect(() => x.topK(4)).toThrow(ShapeError);
    expect(() => rmsNorm(x, weight, 1e-8)).toThrow(ShapeError);
    expect(() => attend(x, x, x, null)).toThrow(ShapeError);
    expect(() => graph.input("x", "float32", [1])).toThrow(/called x/);
  });

  it("refuses a state without a next value, or with one of another shape", () => {
    const graph = new Graph("states", "wasm");
    const state = graph.state("s", "float32", [2]);
    expect(() => graph.keep(state, graph.input("x", "float32", [3]))).toThrow(ShapeError);
    expect(() => graph.build()).toThrow(/no next value/);
  });

  it("refuses a tensor of another graph", () => {
    const stranger = new Graph("other", "wasm").input("x", "float32", [1]);
    expect(() => new Graph("one", "wasm").input("x", "float32", [1]).add(stranger)).toThrow(
      /another graph/,
    );
  });
});
