// Parses the header of a GGUF file: names, types, shapes and byte ranges, trusting nothing it says. Pure; runs anywhere.
// Format: magic, version, two counts, metadata (skipped but for the alignment), tensor descriptions, padding, data.

import { SottoError } from "../../shared/errors.ts";
import { MAX_NAME_LENGTH, MAX_TENSORS } from "./safetensors.ts";

/** The types that published checkpoints use, by their number in the format: elements and bytes of one block. */
const TYPES = {
  0: { type: "F32", elements: 1, bytes: 4 },
  1: { type: "F16", elements: 1, bytes: 2 },
  2: { type: "Q4_0", elements: 32, bytes: 18 },
  8: { type: "Q8_0", elements: 32, bytes: 34 },
  12: { type: "Q4_K", elements: 256, bytes: 144 },
  30: { type: "BF16", elements: 1, bytes: 2 },
} as const satisfies Record<number, BlockType>;

interface BlockType {
  readonly type: string;
  readonly elements: number;
  readonly bytes: number;
}

export type GgufType = (typeof TYPES)[keyof typeof TYPES]["type"];

/** Types whose blocks share a scale; the others are plain elements. */
export type GgufBlockType = Extract<GgufType, `Q${string}`>;

/** Where one tensor lies in its file. */
export interface GgufRange {
  readonly type: GgufType;
  /** Outermost axis first, as everywhere in this program; the file has it the other way round. */
  readonly shape: readonly number[];
  /** Byte range in the file. */
  readonly begin: number;
  readonly end: number;
}

/** One tensor as the file stores it. `bytes` is a view into the file: its raw blocks, back to back. */
export interface GgufTensor extends Omit<GgufRange, "begin" | "end"> {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Limits against hostile input; each is far above any published checkpoint. */
export const MAX_GGUF_HEADER_BYTES = 64 * 1024 * 1024;
export const MAX_GGUF_METADATA = 65_536;
export const MAX_GGUF_RANK = 4;
const MAX_KEY_LENGTH = 65_535;
const MAX_ARRAY_DEPTH = 4;
const MAX_ALIGNMENT = 1 << 20;

const MAGIC = 0x46554747;
const DEFAULT_ALIGNMENT = 32;
/** Bytes of a metadata value, by its type's number; 8 is a string and 9 an array. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, null, null, 8, 8, 8] as const;
const UINT32 = 4;
const STRING = 8;
const ARRAY = 9;

/**
 * The tensors of a file in memory, by name, in the file's order. `name` is only for messages.
 * @throws SottoError `model-file-truncated` when bytes are missing, `model-file-malformed` when they make no sense,
 *   `model-unsupported` for a version or a quantisation that this program does not read.
 */
export function parseGguf(
  file: Uint8Array<ArrayBuffer>,
  name: string,
): ReadonlyMap<string, GgufTensor> {
  const ranges = readGgufHeader(file, file.length, name);
  if (ranges === null) throw truncated(name, `its header is longer than its ${file.length} bytes`);
  return new Map(
    [...ranges].map(([key, { type, shape, begin, end }]) => [
      key,
      { type, shape, bytes: file.subarray(begin, end) },
    ]),
  );
}

/**
 * The tensors' places in a file of `fileBytes` bytes, of which `prefix` holds the first.
 * @returns null when the header goes on after `prefix`: read more (up to MAX_GGUF_HEADER_BYTES) and ask again
 * @throws SottoError as `parseGguf` does
 */
export function readGgufHeader(
  prefix: Uint8Array<ArrayBuffer>,
  fileBytes: number,
  name: string,
): ReadonlyMap<string, GgufRange> | null {
  try {
    return new HeaderReader(prefix, name).read(fileBytes);
  } catch (thrown) {
    if (thrown !== END_OF_PREFIX) throw thrown;
  }
  if (prefix.length >= fileBytes)
    throw truncated(name, `its header goes on after its ${fileBytes} bytes`);
  if (prefix.length >= MAX_GGUF_HEADER_BYTES)
    throw malformed(name, `its header is longer than ${MAX_GGUF_HEADER_BYTES} bytes`);
  return null;
}

/** Thrown inside this file only. */
const END_OF_PREFIX = new Error("the header goes on after these bytes");

/** A cursor over the header. Every loop ends at the prefix's end, since each turn consumes bytes of it. */
class HeaderReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #name: string;
  #position = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  read(fileBytes: number): Map<string, GgufRange> {
    if (this.#uint32() !== MAGIC) throw malformed(this.#name, "it does not begin with GGUF");
    const version = this.#uint32();
    // Version 1 had 32-bit counts; a version in the upper half is one of 2 or 3 in big-endian order.
    if (version !== 2 && version !== 3)
      throw unsupported(this.#name, `it is GGUF of version ${version}`);
    const tensorCount = this.#count("tensors", MAX_TENSORS);
    const metadataCount = this.#count("metadata entries", MAX_GGUF_METADATA);
    let alignment = DEFAULT_ALIGNMENT;
    for (let i = 0; i < metadataCount; i += 1) alignment = this.#metadataEntry() ?? alignment;

    const described = new Map<string, Description>();
    for (let i = 0; i < tensorCount; i += 1) {
      const key = this.#string("a tensor's name", MAX_NAME_LENGTH);
      if (described.has(key)) throw malformed(this.#name, `it has two tensors ${quote(key)}`);
      described.set(key, this.#description(key));
    }
    return placeTensors(
      described,
      alignUp(this.#position, alignment),
      alignment,
      fileBytes,
      this.#name,
    );
  }

  #description(key: string): Description {
    const rank = this.#uint32();
    if (rank > MAX_GGUF_RANK) throw malformed(this.#name, `tensor ${quote(key)} has ${rank} axes`);
    const shape = Array.from({ length: rank }, () => this.#size(`a size of tensor ${quote(key)}`));
    const number = this.#uint32();
    const block = (TYPES as Readonly<Record<number, (typeof TYPES)[keyof typeof TYPES]>>)[number];
    if (!block)
      throw unsupported(this.#name, `tensor ${quote(key)} is of type ${number} of the format`);
    const rowElements = shape[0] ?? 1;
    if (rowElements % block.elements !== 0)
      throw malformed(
        this.#name,
        `rows of tensor ${quote(key)} have ${rowElements} elements, which are no whole ${block.type} blocks`,
      );
    const elements = shape.reduce((product, size) => product * size, 1);
    const bytes = (elements / block.elements) * block.bytes;
    if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes))
      throw malformed(this.#name, `tensor ${quote(key)} is absurdly large`);
    const offset = this.#size(`the offset of tensor ${quote(key)}`);
    return { type: block.type, shape: shape.toReversed(), bytes, offset };
  }

  /** Skips one entry; returns the alignment if it was that. */
  #metadataEntry(): number | null {
    const key = this.#string("a metadata key", MAX_KEY_LENGTH);
    const type = this.#uint32();
    if (key === "general.alignment") {
      const alignment = type === UINT32 ? this.#uint32() : 0;
      const isPower = alignment > 0 && (alignment & (alignment - 1)) === 0;
      if (!isPower || alignment > MAX_ALIGNMENT)
        throw malformed(this.#name, `its alignment is no power of two up to ${MAX_ALIGNMENT}`);
      return alignment;
    }
    this.#skipValue(type, 0);
    return null;
  }

  #skipValue(type: number, depth: number): void {
    if (type === STRING) return this.#skip(this.#size("a string's length"));
    if (type === ARRAY) return this.#skipArray(depth + 1);
    this.#skip(this.#valueBytes(type));
  }

  #skipArray(depth: number): void {
    if (depth > MAX_ARRAY_DEPTH) throw malformed(this.#name, "its metadata is nested too deeply");
    const type = this.#uint32();
    const count = this.#size("an array's length");
    if (type !== STRING && type !== ARRAY) return this.#skip(count * this.#valueBytes(type));
    for (let i = 0; i < count; i += 1) this.#skipValue(type, depth);
  }

  #valueBytes(type: number): number {
    const bytes = VALUE_BYTES[type] ?? null;
    if (bytes === null) throw malformed(this.#name, `its metadata has a value of type ${type}`);
    return bytes;
  }

  #string(what: string, limit: number): string {
    const length = this.#size(`the length of ${what}`);
    if (length > limit) throw malformed(this.#name, `${what} has ${length} bytes`);
    const start = this.#position;
    this.#skip(length);
    try {
      const text = this.#bytes.subarray(start, start + length);
      return new TextDecoder("utf-8", { fatal: true }).decode(text);
    } catch (cause) {
      throw malformed(this.#name, `${what} is no UTF-8`, cause);
    }
  }

  #count(what: string, limit: number): number {
    const count = this.#size(`its number of ${what}`);
    if (count > limit)
      throw malformed(this.#name, `it claims ${count} ${what}, more than ${limit}`);
    return count;
  }

  #uint32(): number {
    const start = this.#position;
    this.#skip(4);
    return this.#view.getUint32(start, true);
  }

  /** A 64-bit number that JavaScript can hold exactly. */
  #size(what: string): number {
    const start = this.#position;
    this.#skip(8);
    const value = Number(this.#view.getBigUint64(start, true));
    if (!Number.isSafeInteger(value)) throw malformed(this.#name, `${what} is ${value}`);
    return value;
  }

  #skip(bytes: number): void {
    if (bytes > MAX_GGUF_HEADER_BYTES - this.#position)
      throw malformed(this.#name, `its header is longer than ${MAX_GGUF_HEADER_BYTES} bytes`);
    if (bytes > this.#bytes.length - this.#position) throw END_OF_PREFIX;
    this.#position += bytes;
  }
}

interface Description {
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** From the start of the data. */
  readonly offset: number;
}

/** Tensors must follow each other with no more than padding between them, and end inside the file. */
function placeTensors(
  described: ReadonlyMap<string, Description>,
  dataStart: number,
  alignment: number,
  fileBytes: number,
  name: string,
): Map<string, GgufRange> {
  let position = 0;
  const inOrder = [...described].toSorted(
    ([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes,
  );
  for (const [key, { offset, bytes }] of inOrder) {
    if (offset !== alignUp(position, alignment))
      throw malformed(
        name,
        `tensor ${quote(key)} begins at ${offset}, after one that ends at ${position}`,
      );
    position = offset + bytes;
  }
  const end = dataStart + position;
  if (described.size > 0 && end > fileBytes)
    throw truncated(name, `its tensors end at byte ${end}, the file at ${fileBytes}`);
  if (fileBytes > dataStart + alignUp(position, alignment))
    throw malformed(name, `${fileBytes - end} bytes follow its last tensor`);
  return new Map(
    [...described].map(([key, { type, shape, offset, bytes }]) => {
      const begin = dataStart + offset;
      return [key, { type, shape, begin, end: begin + bytes }];
    }),
  );
}

function alignUp(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

function quote(key: string): string {
  return JSON.stringify(key.slice(0, 80));
}

function truncated(name: string, reason: string): SottoError {
  return new SottoError(
    "model-file-truncated",
    `The model file ${name} is incomplete: ${reason}.`,
    "Download the model again.",
  );
}

function malformed(name: string, reason: string, cause?: unknown): SottoError {
  return new SottoError(
    "model-file-malformed",
    `The model file ${name} cannot be read: ${reason}.`,
    "Download the model again, or choose another one.",
    cause,
  );
}

function unsupported(name: string, reason: string): SottoError {
  return new SottoError(
    "model-unsupported",
    `The model file ${name} is of a kind that Sotto does not read: ${reason}.`,
    "Sotto reads GGUF versions 2 and 3 with F32, F16, BF16, Q8_0, Q4_0 and Q4_K tensors.",
  );
}
