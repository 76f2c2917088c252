// The graph's sampler on WASM: what it picks, and that the staged form for wide vocabularies picks the same.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { Graph } from "../graph/index.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { Random } from "./random.ts";
import { fillNoise } from "./sampling.ts";
import { sampleToken } from "./sampling-graph.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode });
});
afterAll(() => runtime.dispose());

/** A session that samples from `width` logits with `k` candidates, in slices of at most `sliceWidth`. */
async function sampler(width: number, k: number, sliceWidth?: number) {
  const graph = new Graph("sampler", "wasm");
  const logits = graph.input("logits", "float32", [1, width]);
  const noise = graph.input("noise", "float32", [1, k]);
  graph.output("token", sampleToken(logits, noise, sliceWidth));
  const session = await runtime.createSession(graph.build());
  return {
    session,
    draw: async (inputs: { readonly logits: Float32Array; readonly noise: Float32Array }) => {
      const { token } = await session.run(inputs);
      return Number(token?.[0]);
    },
  };
}

/** Sort, add noise, argmax: the definition. */
function expected(logits: Float32Array, noise: Float32Array): number {
  const order = [...logits.keys()].toSorted((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
  const scores = Array.from(noise, (g, i) => Math.fround((logits[order[i] ?? 0] ?? 0) + g));
  return order[scores.indexOf(Math.max(...scores))] ?? -1;
}

describe.each([
  { width: 300, k: 40, slices: "one row", sliceWidth: undefined },
  { width: 300, k: 20, slices: "three even slices", sliceWidth: 100 },
  { width: 301, k: 20, slices: "four slices, the last one filled up", sliceWidth: 90 },
  { width: 4000, k: 25, slices: "two rounds of slices", sliceWidth: 64 },
  { width: 60, k: 60, slices: "slices that could not shrink it", sliceWidth: 10 },
])("sampleToken, $width wide, $k candidates, $slices", ({ width, k, sliceWidth }) => {
  it("picks what the definition picks", async () => {
    const { session, draw } = await sampler(width, k, sliceWidth);
    const random = new Random(width);
    const logits = new Float32Array(width);
    const noise = new Float32Array(k);
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < width; i++) logits[i] = 4 * random.uniform();
      fillNoise(noise, { temperature: round % 4, topK: round % 5 === 0 ? 3 : 0 }, random);
      expect(await draw({ logits, noise })).toBe(expected(logits, noise));
    }
    await session.dispose();
  });

  it("takes the first of equal logits when there is no noise", async () => {
    const { session, draw } = await sampler(width, k, sliceWidth);
    const logits = new Float32Array(width).fill(-1);
    logits[width - 1] = 2;
    logits[17] = 2;
    expect(await draw({ logits, noise: new Float32Array(k) })).toBe(17);
    await session.dispose();
  });
});
