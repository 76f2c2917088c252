// Loading a whole checkpoint directory, on the wasm build in Node.

import { describe, expect, test } from "vitest";

import { loadOrtInNode } from "../../tools/ort-node.ts";
import { tinyModelFiles } from "../../tools/tiny-model.ts";
import { FRAME_SAMPLES } from "../shared/frame.ts";
import type { WorkerEvent } from "../shared/protocol.ts";
import { loadSpeechModel } from "./load-model.ts";
import { runFrame, startConversation } from "./pipeline.ts";
import type { SpeechModel } from "./speech-model.ts";
import { memorySource } from "./weights/source.ts";

const OPTIONS = {
  backend: "auto",
  machine: {
    gpu: () => Promise.reject(new Error("nobody should ask for a GPU")),
    sharedMemory: true,
    cores: 2,
  },
  threads: 1,
  ortBase: "",
  loadOrt: loadOrtInNode,
} as const;

async function load(
  change: (files: Map<string, Uint8Array<ArrayBuffer>>) => void = () => undefined,
  events: WorkerEvent[] = [],
) {
  const files = await tinyModelFiles();
  change(files);
  return loadSpeechModel(
    memorySource("models/tiny/", files),
    OPTIONS,
    (event) => void events.push(event),
  );
}

const json = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(value));

/** Tokens, own codes and sound of some frames of a chirp, as one line a frame. */
async function talk(model: SpeechModel, seed: number): Promise<string[]> {
  await startConversation(model, { ...model.defaults, seed });
  const said: string[] = [];
  for (let frame = 0; frame < 16; frame++) {
    const pcm = Float32Array.from(
      { length: FRAME_SAMPLES },
      (_, i) => 0.5 * Math.sin((i * (frame + 1)) / 20),
    );
    const { token, ownCodes, pcm: own } = await runFrame(model, frame, pcm);
    said.push(JSON.stringify([token, ownCodes && [...ownCodes], own && [...own]]));
  }
  return said;
}

describe("loadSpeechModel", () => {
  test("gives a model that talks, the same again after a reset, and tells how it was loaded", async () => {
    const events: WorkerEvent[] = [];
    const { model, report } = await load(undefined, events);
    expect(model.name).toBe("tiny");
    expect(report).toMatchObject({ backend: "wasm", device: "CPU", threads: 1 });
    expect(events.flatMap((event) => (event.type === "phase" ? [event.phase] : []))).toEqual([
      "downloading",
      "compiling",
      "warming-up",
    ]);
    expect(events).toContainEqual({ type: "backend", report });

    const first = await talk(model, 1);
    expect(await talk(model, 1)).toEqual(first);
    expect(await talk(model, 2)).not.toEqual(first);
    await model.dispose();
  });

  test.each([
    ["config.json", "model-file-missing"],
    ["model.safetensors", "model-file-missing"],
    ["mimi.json", "model-file-missing"],
    ["mimi.safetensors", "model-file-missing"],
    ["tokenizer.json", "model-file-missing"],
  ])("says that %s is missing", async (name, code) => {
    await expect(load((files) => void files.delete(name))).rejects.toMatchObject({
      code,
      what: expect.stringContaining(name),
    });
  });

  test("refuses a truncated file, a codec of other codes, and a model that only listens", async () => {
    await expect(
      load(
        (files) =>
          void files.set("model.safetensors", files.get("model.safetensors")!.slice(0, -4)),
      ),
    ).rejects.toMatchObject({ code: "model-file-truncated" });

    const change = (name: string, edit: (config: Record<string, never>) => object) =>
      load((files) => {
        const config = JSON.parse(new TextDecoder().decode(files.get(name))) as Record<
          string,
          never
        >;
        files.set(name, json({ ...config, ...edit(config) }));
      });
    await expect(change("config.json", () => ({ card: 64 }))).rejects.toMatchObject({
      code: "model-shape-mismatch",
      what: expect.stringContaining("64"),
    });
    await expect(
      change("config.json", () => ({ dep_q: 0, n_q: 8, delays: Array(9).fill(0) })),
    ).rejects.toMatchObject({
      code: "model-unsupported",
      what: expect.stringContaining("listens"),
    });
  });
});
