// Checkpoints in several safetensors files, with an index that says which tensor is in which. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import { MAX_NAME_LENGTH, MAX_TENSORS } from "./safetensors.ts";

/** What an index is called, given the file that it stands for: model.safetensors → model.safetensors.index.json. */
export function indexName(weightsName: string): string {
  return `${weightsName}.index.json`;
}

/** Limits against hostile input. */
export const MAX_SHARDS = 1_024;
export const MAX_INDEX_BYTES = 16 * 1024 * 1024;

/** A file name, not a path: an index must not reach outside its directory. */
const SHARD_NAME = /^(?!\.)[A-Za-z0-9_@+=,.-]{1,255}\.safetensors$/;

/** Tensor name → file name, in the index's order. Throws SottoError `model-file-malformed`. */
export function parseShardIndex(json: unknown, name: string): ReadonlyMap<string, string> {
  const map: unknown = isRecord(json) ? json["weight_map"] : undefined;
  if (!isRecord(map)) throw malformed(name, "it has no weight_map");
  const entries = Object.entries(map);
  if (entries.length > MAX_TENSORS)
    throw malformed(name, `it lists ${entries.length} tensors, more than ${MAX_TENSORS}`);
  const places = new Map<string, string>();
  for (const [tensor, shard] of entries) {
    if (tensor.length > MAX_NAME_LENGTH)
      throw malformed(name, "it lists a tensor of too long a name");
    if (typeof shard !== "string" || !SHARD_NAME.test(shard))
      throw malformed(
        name,
        `its place for ${JSON.stringify(tensor.slice(0, 80))} is not a file name`,
      );
    places.set(tensor, shard);
  }
  const count = shardNames(places).length;
  if (count > MAX_SHARDS) throw malformed(name, `it lists ${count} files, more than ${MAX_SHARDS}`);
  return places;
}

/** The files of an index, each once. */
export function shardNames(index: ReadonlyMap<string, string>): string[] {
  return [...new Set(index.values())];
}

/**
 * The tensors of all shards as one file's.
 * @param shards what each file holds, by its name: tensors or their ranges
 * @throws SottoError `model-file-malformed` unless index and shards agree in both directions.
 */
export function joinShards<T>(
  index: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, ReadonlyMap<string, T>>,
  name: string,
): ReadonlyMap<string, T> {
  const joined = new Map<string, T>();
  for (const [tensor, shard] of index) {
    const found = shards.get(shard)?.get(tensor);
    if (found === undefined) throw malformed(name, `${shard} has no tensor ${tensor}, as it says`);
    joined.set(tensor, found);
  }
  for (const [shard, tensors] of shards)
    for (const tensor of tensors.keys())
      if (index.get(tensor) !== shard)
        throw malformed(name, `it does not list tensor ${tensor} of ${shard}`);
  return joined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(name: string, reason: string): SottoError {
  return new SottoError(
    "model-file-malformed",
    `The model file ${name} cannot be used: ${reason}.`,
    "Download the model again, or choose another one.",
  );
}
