// The language model against traces of the PyTorch reference in fp32 (spec §11), on WASM. The contexts of these
// models are 12 steps and the traces 20 or 41, so that every ring wraps.

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { folderSource } from "../../../tools/folder-source.ts";
import { runFixture } from "../../../tools/golden/run.ts";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";

const FIXTURES = fileURLToPath(new URL("../../../e2e/fixtures/golden/", import.meta.url));
/** `npm run golden` allows 1e-3, for any back end; sums in fp32 on the CPU agree far better (depth logits: 3e-5). */
const LARGEST_ERROR = 5e-5;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode });
});
afterAll(() => runtime.dispose());

it.each([
  ["lm_tiny_moshi", "Moshi's shape"],
  ["lm_tiny_hibikizero", "shared key/value heads, RoPE by halves, norms before the heads"],
  ["lm_tiny_hibiki2b", "delay 2, low-rank embeddings, shared weight sets, a condition"],
  ["lm_tiny_hibiki2b_cfg3", "guidance by a second branch"],
  ["lm_tiny_stt", "no depth transformer, no delay, extra heads"],
  ["lm_tiny_tts", "two text tokens in one, cross attention to masked vectors, zero tokens"],
])("%s (%s) gives the reference's logits, states and tokens on every call", async (name) => {
  const report = await runFixture(runtime, folderSource(FIXTURES), name);
  if (report.status === "unsupported") throw new Error(report.reason);
  expect(report.status).toBe("pass");
  for (const { what, largest } of report.errors)
    expect([what, largest < LARGEST_ERROR]).toEqual([what, true]);
});
