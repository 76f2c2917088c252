// The codec against streamed traces of the PyTorch reference in fp32 (spec §11), on WASM. The ring of these 16 frames
// holds 10 positions, so that it wraps at frame 5.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderSource } from "../../../tools/folder-source.ts";
import type { Fixture } from "../../../tools/golden/fixture.ts";
import { readFixture } from "../../../tools/golden/fixture.ts";
import { runFixture } from "../../../tools/golden/run.ts";
import { loadOrtInNode } from "../../../tools/ort-node.ts";
import { FRAME_SAMPLES } from "../../shared/frame.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/session.ts";
import { MimiDecoder } from "./decode.ts";
import { MimiEncoder } from "./encode.ts";
import type { MimiConfig } from "./mimi-config.ts";
import { parseMimiConfig } from "./mimi-config.ts";
import { buildMimiDecoder, buildMimiEncoder } from "./mimi-graph.ts";

const FIXTURES = folderSource(new URL("../../../e2e/fixtures/golden/", import.meta.url).pathname);

let runtime: Runtime;
let fixture: Fixture;
let config: MimiConfig;
let pcm: Float32Array;
beforeAll(async () => {
  const options = { backend: "wasm", threads: 1, ortBase: "", loadOrt: loadOrtInNode } as const;
  runtime = await openRuntime(options);
  fixture = await readFixture(FIXTURES, "mimi_tiny");
  config = parseMimiConfig(fixture.config);
  pcm = fixture.trace.float("pcm", [1, 1, null]).data;
});
afterAll(() => runtime.dispose());

const frame = (index: number): Float32Array =>
  pcm.slice(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES);

describe("Mimi", () => {
  it("gives the reference's latents, codes and PCM, frame by frame", async () => {
    const report = await runFixture(runtime, FIXTURES, "mimi_tiny");
    expect(report).toMatchObject({
      status: "pass",
      mismatches: [{ what: "codes", differing: 0, of: 128 }],
    });
    // The project's bounds are 1e-4 and 1e-3; sums in fp32 agree better.
    for (const { largest } of report.status === "pass" ? report.errors : [])
      expect(largest).toBeLessThan(5e-5);
  });

  it("starts a stream afresh after reset", async () => {
    const encoder = await MimiEncoder.create(runtime, config, fixture.weights, 8);
    const decoder = await MimiDecoder.create(runtime, config, fixture.weights, 8);
    const once = async () => {
      const codes = [await encoder.encode(frame(0)), await encoder.encode(frame(1))];
      return {
        codes,
        pcm: [
          await decoder.decode(codes[0] as Int32Array),
          await decoder.decode(codes[1] as Int32Array),
        ],
      };
    };
    const fresh = await once();
    const continued = await once();
    expect(continued).not.toEqual(fresh);
    await encoder.reset();
    await decoder.reset();
    expect(await once()).toEqual(fresh);
    await encoder.dispose();
    await decoder.dispose();
  });

  it("uses the first codebooks when asked for fewer", async () => {
    const [all, few, one] = (await Promise.all(
      [8, 3, 1].map((codebooks) => MimiEncoder.create(runtime, config, fixture.weights, codebooks)),
    )) as [MimiEncoder, MimiEncoder, MimiEncoder];
    const codes = await all.encode(frame(0));
    expect(await few.encode(frame(0))).toEqual(codes.slice(0, 3));
    expect(await one.encode(frame(0))).toEqual(codes.slice(0, 1));
    const decoder = await MimiDecoder.create(runtime, config, fixture.weights, 1);
    expect((await decoder.decode(codes.slice(0, 1))).every(Number.isFinite)).toBe(true);
    await Promise.all([all, few, one, decoder].map((stage) => stage.dispose()));
  });

  it("runs without a transformer", async () => {
    const plain = { ...config, transformer: { ...config.transformer, layers: 0 } };
    const encoder = await MimiEncoder.create(runtime, plain, fixture.weights, 8);
    const decoder = await MimiDecoder.create(runtime, plain, fixture.weights, 8);
    const said = await decoder.decode(await encoder.encode(frame(0)));
    expect(said).toHaveLength(FRAME_SAMPLES);
    expect(said.every(Number.isFinite)).toBe(true);
    await Promise.all([encoder.dispose(), decoder.dispose()]);
  });

  it("refuses frames and codes that are none", async () => {
    const encoder = await MimiEncoder.create(runtime, config, fixture.weights, 8);
    const decoder = await MimiDecoder.create(runtime, config, fixture.weights, 8);
    const badArgument = expect.objectContaining({ code: "bad-argument" }) as Error;
    await expect(encoder.encode(new Float32Array(1))).rejects.toEqual(badArgument);
    await expect(decoder.decode(new Int32Array(7))).rejects.toEqual(badArgument);
    await expect(decoder.decode(new Int32Array(8).fill(64))).rejects.toEqual(badArgument);
    await expect(decoder.decode(new Int32Array(8).fill(-1))).rejects.toEqual(badArgument);
    await Promise.all([encoder.dispose(), decoder.dispose()]);
  });

  it("refuses weights of another shape", () => {
    const wider = { ...config, filters: 8 };
    const mismatch = expect.objectContaining({ code: "model-shape-mismatch" }) as Error;
    expect(() => buildMimiEncoder(wider, fixture.weights, 8, "wasm")).toThrow(mismatch);
    expect(() => buildMimiDecoder(wider, fixture.weights, 8, "wasm")).toThrow(mismatch);
  });

  it("is so many nodes", () => {
    // Each costs ONNX Runtime a few microseconds on WASM, and a dispatch or more on WebGPU.
    const nodes = (lowering: "wasm" | "webgpu") => [
      buildMimiEncoder(config, fixture.weights, 8, lowering).nodeCount,
      buildMimiDecoder(config, fixture.weights, 8, lowering).nodeCount,
    ];
    expect(nodes("webgpu")).toEqual([143, 108]);
    expect(nodes("wasm")).toEqual([216, 181]);
  });
});
