// For tests: a complete checkpoint directory in memory, put together from two golden fixtures. Random weights, so it
// babbles, but through every stage of a real model. Node only.

import { readFile } from "node:fs/promises";

import { parseSafetensors, type StoredTensor } from "../src/worker/weights/safetensors.ts";

const FIXTURES = new URL("../e2e/fixtures/golden/", import.meta.url);
const TEXT_CARD = 48;

/** The files by name, fresh arrays: a test may damage them. */
export async function tinyModelFiles(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const [lmConfig, lmWeights, mimiConfig, mimiWeights] = await Promise.all(
    [
      "lm_tiny_moshi.config.json",
      "lm_tiny_moshi.weights.safetensors",
      "mimi_tiny.config.json",
      "mimi_tiny.weights.safetensors",
    ].map(async (name) => new Uint8Array(await readFile(new URL(name, FIXTURES)))),
  );
  if (!lmConfig || !lmWeights || !mimiConfig || !mimiWeights)
    throw new Error("a fixture is missing");
  const language = parseJson(lmConfig);
  const codec = parseJson(mimiConfig);
  const config = {
    ...language,
    moshi_name: "model.safetensors",
    mimi_name: "mimi.safetensors",
    mimi_config_name: "mimi.json",
    tokenizer_name: "tokenizer.json",
  };
  // The two fixtures were not made for each other: this language model knows half of this codec's codes.
  const quantizer = { ...(codec["quantizer"] as object), bins: language["card"] };
  const vocabulary = Object.fromEntries(
    Array.from({ length: TEXT_CARD }, (_, id) => [`\u2581word${id}`, id]),
  );
  return new Map([
    ["config.json", formatJson(config)],
    ["model.safetensors", lmWeights],
    ["mimi.json", formatJson({ ...codec, quantizer })],
    ["mimi.safetensors", halveCodebooks(mimiWeights)],
    ["tokenizer.json", formatJson({ model: { type: "WordLevel", vocab: vocabulary } })],
  ]);
}

function halveCodebooks(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const halved = [...parseSafetensors(file, "mimi")].map(
    ([name, tensor]): [string, StoredTensor] => {
      const [rows = 0, ...rest] = tensor.shape;
      if (!/_codebook\.(embedding_sum|cluster_usage)$/.test(name)) return [name, tensor];
      const bytes = tensor.bytes.subarray(0, tensor.bytes.length / 2);
      return [name, { ...tensor, shape: [rows / 2, ...rest], bytes }];
    },
  );
  return formatSafetensors(halved);
}

function formatSafetensors(
  tensors: readonly (readonly [string, StoredTensor])[],
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(([name, { type, shape, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype: type, shape, data_offsets: [begin, end] }] as const;
  });
  const header = formatJson(Object.fromEntries(entries));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const [, { bytes }] of tensors) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}

function formatJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
