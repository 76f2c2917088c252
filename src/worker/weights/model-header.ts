// The header of a checkpoint wherever it lies: one safetensors or GGUF file, or shards with an index. Reads no weights.

import { SottoError } from "../../shared/errors.ts";
import { MAX_GGUF_HEADER_BYTES, readGgufHeader } from "./gguf.ts";
import type { RangeFile, RangeSource } from "./range-source.ts";
import { MAX_HEADER_BYTES } from "./safetensors.ts";
import { headerBytes, readSafetensorsHeader } from "./safetensors-header.ts";
import { indexName, joinShards, MAX_INDEX_BYTES, parseShardIndex, shardNames } from "./shards.ts";
import type { TensorHeader } from "./stored-forms.ts";

/** A tensor of a checkpoint that may be in several files. */
export interface PlacedTensor extends TensorHeader {
  readonly file: string;
  /** Byte range in `file`. */
  readonly begin: number;
  readonly end: number;
}

export interface ModelHeader {
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly files: readonly string[];
}

const FIRST_BYTES = 256 * 1024;

/**
 * Reads the header of the checkpoint `name` in a directory, or of its shards when only an index of it is there.
 * @returns null when there is neither
 * @throws SottoError `model-file-missing` for a shard, `-truncated`, `-malformed`, `model-unsupported`, `network-failed`
 */
export async function readModelHeader(
  source: RangeSource,
  name: string,
): Promise<ModelHeader | null> {
  const file = await source.open(name);
  if (file) return { tensors: await readFileHeader(file), bytes: file.bytes, files: [name] };
  const json = await readSmallJson(source, indexName(name), MAX_INDEX_BYTES);
  if (json === null) return null;
  const index = parseShardIndex(json, indexName(name));
  const shards = new Map<string, ReadonlyMap<string, PlacedTensor>>();
  let bytes = 0;
  for (const shard of shardNames(index)) {
    const part = await source.open(shard);
    if (!part)
      throw new SottoError(
        "model-file-missing",
        `The model directory ${source.place} has no file ${shard}, which ${indexName(name)} lists.`,
        "Check the model's address, or choose another model.",
      );
    shards.set(shard, await readFileHeader(part));
    bytes += part.bytes;
  }
  return { tensors: joinShards(index, shards, indexName(name)), bytes, files: [...shards.keys()] };
}

async function readFileHeader(file: RangeFile): Promise<ReadonlyMap<string, PlacedTensor>> {
  const gguf = file.name.toLowerCase().endsWith(".gguf");
  const read = gguf ? readGgufHeader : readSafetensorsHeader;
  const limit = gguf ? MAX_GGUF_HEADER_BYTES : MAX_HEADER_BYTES + 8;
  let length = Math.min(FIRST_BYTES, file.bytes);
  for (;;) {
    const prefix = await file.read(0, length);
    const ranges = read(prefix, file.bytes, file.name);
    if (ranges)
      return new Map([...ranges].map(([key, range]) => [key, { ...range, file: file.name }]));
    // A safetensors header says how long it is; of a GGUF one, ever longer parts are tried.
    const stated = gguf ? null : headerBytes(prefix, file.bytes, file.name);
    length = Math.min(stated ?? 4 * length, limit, file.bytes);
  }
}

/** A small JSON file, whole; null when it is absent. */
export async function readSmallJson(
  source: RangeSource,
  name: string,
  maxBytes: number,
): Promise<unknown> {
  const file = await source.open(name);
  if (!file) return null;
  const fail = (reason: string, cause?: unknown): SottoError =>
    new SottoError(
      "model-file-malformed",
      `The model file ${name} cannot be read: ${reason}.`,
      "Download the model again, or choose another one.",
      cause,
    );
  if (file.bytes > maxBytes) throw fail(`it has ${file.bytes} bytes, more than ${maxBytes}`);
  const bytes = await file.read(0, file.bytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fail("it is not JSON", cause);
  }
}
