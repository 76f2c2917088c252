// The header of a safetensors file, from the file's first bytes: names, types, shapes and byte ranges, trusting nothing
// it says. For files that are too large to have in memory, or not here yet. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import {
  ELEMENT_BYTES,
  type ElementType,
  MAX_HEADER_BYTES,
  MAX_NAME_LENGTH,
  MAX_RANK,
  MAX_TENSORS,
} from "./safetensors.ts";

/** Where one tensor lies in its file. */
export interface TensorRange {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Byte range in the file. */
  readonly begin: number;
  readonly end: number;
}

const LENGTH_BYTES = 8;

/**
 * The tensors' places in a file of `fileBytes` bytes, of which `prefix` holds the first.
 * @returns null when the header goes on after `prefix`: read more (see headerBytes) and ask again
 * @throws SottoError `model-file-truncated` when bytes are missing, `model-file-malformed` when they make no sense.
 */
export function readSafetensorsHeader(
  prefix: Uint8Array<ArrayBuffer>,
  fileBytes: number,
  name: string,
): ReadonlyMap<string, TensorRange> | null {
  const dataStart = headerBytes(prefix, fileBytes, name);
  if (dataStart === null || prefix.length < dataStart) return null;
  const entries = Object.entries(parseHeader(prefix.subarray(LENGTH_BYTES, dataStart), name));
  const tensors = entries.filter(([key]) => key !== "__metadata__");
  if (tensors.length > MAX_TENSORS)
    throw malformed(name, `it claims ${tensors.length} tensors, more than ${MAX_TENSORS}`);
  const ranges = new Map(
    tensors.map(([key, value]) => [key, readEntry(key, value, dataStart, name)]),
  );
  checkCoverage(ranges, dataStart, fileBytes, name);
  return ranges;
}

/** Bytes of the file up to its first tensor; null when `prefix` is too short to tell. */
export function headerBytes(
  prefix: Uint8Array<ArrayBuffer>,
  fileBytes: number,
  name: string,
): number | null {
  if (fileBytes < LENGTH_BYTES) throw truncated(name, `it has only ${fileBytes} bytes`);
  if (prefix.length < LENGTH_BYTES) return null;
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw malformed(name, `its header claims ${length} bytes, more than ${MAX_HEADER_BYTES}`);
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > fileBytes)
    throw truncated(name, `its header ends at byte ${dataStart}, the file at ${fileBytes}`);
  return dataStart;
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(name, "its header is not JSON", cause);
  }
  if (isRecord(header)) return header;
  throw malformed(name, "its header is not a JSON object");
}

function readEntry(key: string, value: unknown, dataStart: number, name: string): TensorRange {
  const fail = (reason: string): SottoError =>
    malformed(name, `tensor ${JSON.stringify(key.slice(0, 80))} ${reason}`);
  if (key.length > MAX_NAME_LENGTH) throw fail("has too long a name");
  if (!isRecord(value)) throw fail("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype))
    throw fail(`has the unknown type ${JSON.stringify(dtype)?.slice(0, 40)}`);
  if (!isSizes(shape) || shape.length > MAX_RANK) throw fail("has no valid shape");
  if (!isSizes(offsets) || offsets.length !== 2) throw fail("has no valid byte range");
  const [begin = 0, end = 0] = offsets;
  const type = dtype as ElementType;
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes)
    throw fail(`has ${end - begin} bytes, where its shape needs ${bytes}`);
  return { type, shape, begin: dataStart + begin, end: dataStart + end };
}

/** Tensors must follow each other without gaps or overlaps and fill the file. */
function checkCoverage(
  ranges: ReadonlyMap<string, TensorRange>,
  dataStart: number,
  fileBytes: number,
  name: string,
): void {
  let position = dataStart;
  const inOrder = [...ranges].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [key, { begin, end }] of inOrder) {
    if (begin !== position)
      throw malformed(name, `tensor ${JSON.stringify(key)} begins at ${begin}, not at ${position}`);
    position = end;
  }
  if (position > fileBytes)
    throw truncated(name, `its tensors end at byte ${position}, the file at ${fileBytes}`);
  if (position < fileBytes)
    throw malformed(name, `${fileBytes - position} bytes follow its last tensor`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)
  );
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
