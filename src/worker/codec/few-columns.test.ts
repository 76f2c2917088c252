// The products against the convolutions that they replace, both run on ONNX Runtime's WASM back end.

import { fc, test } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import type { Tensor } from "../graph/index.ts";
import { conv1d, convTranspose1d, Graph, sizeOf } from "../graph/index.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { convAsProduct, convTransposeAsProduct } from "./few-columns.ts";

let runtime: Runtime;
beforeAll(async () => {
  const options = { backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode } as const;
  runtime = await openRuntime(options);
});
afterAll(() => runtime.dispose());

/** A constant of values that any mistake in their order changes. */
function constant(graph: Graph, shape: readonly number[], seed: number): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(seed + 1.7 * i));
  return graph.constant("float32", shape, data);
}

/** Largest difference of two tensors of a graph without inputs. */
async function difference(graph: Graph, a: Tensor, b: Tensor): Promise<number> {
  expect(a.shape).toEqual(b.shape);
  graph.output("a", a);
  graph.output("b", b);
  const session = await runtime.createSession(graph.build());
  const outputs = await session.run({});
  await session.dispose();
  const [got, expected] = [outputs["a"], outputs["b"]] as [Float32Array, Float32Array];
  return got.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] ?? NaN))),
    0,
  );
}

const size = fc.integer({ min: 1, max: 4 });
const few = { numRuns: 15 };

describe("products", () => {
  test.prop([size, size, size, size, size], few)(
    "convolve",
    async (inputs, outputs, kernel, stride, columns) => {
      const graph = new Graph("conv", "wasm");
      const x = constant(graph, [1, inputs, kernel + stride * (columns - 1)], 1);
      const weight = constant(graph, [outputs, inputs, kernel], 2);
      const bias = constant(graph, [outputs], 3);
      const product = convAsProduct(x, weight, bias, stride);
      expect(await difference(graph, product, conv1d(x, weight, bias, { stride }))).toBeLessThan(
        1e-5,
      );
    },
  );

  test.prop([size, size, size, size], few)(
    "convolve transposed, without the ends",
    async (inputs, outputs, stride, columns) => {
      const graph = new Graph("transposed", "wasm");
      const x = constant(graph, [1, inputs, columns + 1], 1);
      const weight = constant(graph, [inputs, outputs, 2 * stride], 2);
      const bias = constant(graph, [outputs], 3);
      const product = convTransposeAsProduct(x, weight, bias);
      const whole = convTranspose1d(x, weight, bias, { stride });
      const middle = whole.slice(2, stride, stride * (columns + 1));
      expect(await difference(graph, product, middle)).toBeLessThan(1e-5);
    },
  );
});
