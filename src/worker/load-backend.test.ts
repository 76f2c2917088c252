import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { SottoError } from "../shared/errors.ts";
import {
  chooseBackend,
  type GpuFacts,
  type Machine,
  SMALL_MODEL_BYTES,
  WASM_MODEL_BYTES,
  WASM_THREADS,
} from "./load-backend.ts";

const REAL = { usable: true, name: "Nice GPU", software: false } as const;
const SOFTWARE = { usable: true, name: "SwiftShader", software: true } as const;
const ABSENT = {
  usable: false,
  code: "webgpu-absent",
  why: "This browser has no WebGPU.",
} as const;
const on = (gpu: GpuFacts, sharedMemory = true, cores = 8): Machine => ({
  gpu: () => Promise.resolve(gpu),
  sharedMemory,
  cores,
});

describe("chooseBackend", () => {
  test("auto: a small model takes the CPU even beside a GPU, and says why", async () => {
    expect(await chooseBackend("auto", 12e6, on(REAL))).toEqual({
      backend: "wasm",
      device: "CPU",
      threads: WASM_THREADS,
      reason: "The model has 12 MB, small enough for the CPU.",
    });
  });

  test("auto: a larger model takes a real GPU, never a software one", async () => {
    expect(await chooseBackend("auto", SMALL_MODEL_BYTES + 1, on(REAL))).toMatchObject({
      backend: "webgpu",
      device: "Nice GPU",
    });
    expect(await chooseBackend("auto", SMALL_MODEL_BYTES + 1, on(SOFTWARE))).toMatchObject({
      backend: "wasm",
      reason: "WebGPU runs in software here (SwiftShader). The CPU runs the model instead.",
    });
    expect((await chooseBackend("auto", SMALL_MODEL_BYTES + 1, on(ABSENT))).reason).toContain(
      ABSENT.why,
    );
  });

  test("auto: what fits no CPU is refused without a GPU, with the GPU's own reason", async () => {
    expect((await chooseBackend("auto", WASM_MODEL_BYTES + 1, on(REAL))).backend).toBe("webgpu");
    await expect(chooseBackend("auto", WASM_MODEL_BYTES + 1, on(ABSENT))).rejects.toThrow(
      /no WebGPU.*too much for the CPU/,
    );
  });

  test("an explicit choice is obeyed or refused", async () => {
    expect(await chooseBackend("webgpu", 1, on(SOFTWARE))).toMatchObject({
      backend: "webgpu",
      device: "SwiftShader",
    });
    expect((await chooseBackend("wasm", 1e9, on(REAL))).backend).toBe("wasm");
    await expect(chooseBackend("webgpu", 1, on(ABSENT))).rejects.toThrow(SottoError);
  });

  test("one thread where memory cannot be shared, and it says so", async () => {
    expect(await chooseBackend("wasm", 1, on(REAL, false))).toMatchObject({
      threads: 1,
      reason: expect.stringContaining("not cross-origin isolated"),
    });
  });

  test.prop([
    fc.constantFrom("auto", "wasm", "webgpu"),
    fc.double({ min: 0, max: 2e10, noNaN: true }),
    fc.constantFrom(REAL, SOFTWARE, ABSENT),
    fc.boolean(),
    fc.integer({ min: 1, max: 64 }),
    fc.integer({ min: 1, max: 16 }),
  ])(
    "gives a back end that this machine has, or a SottoError",
    async (asked, bytes, gpu, shared, cores, threads) => {
      try {
        const report = await chooseBackend(asked, bytes, on(gpu, shared, cores), threads);
        if (asked !== "auto") expect(report.backend).toBe(asked);
        if (report.backend === "webgpu") expect(gpu.usable).toBe(true);
        expect(report.threads).toBeGreaterThanOrEqual(1);
        expect(report.threads).toBeLessThanOrEqual(Math.min(cores, threads));
        expect(report.reason).toMatch(/\.$/);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(SottoError);
        expect(gpu.usable && !gpu.software).toBe(false);
      }
    },
  );
});
