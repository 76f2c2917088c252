// Parses a safetensors file: names, types, shapes and byte ranges, trusting nothing it says. Pure; runs anywhere.
// Format: 8 bytes little-endian header length, that many bytes of JSON, then the tensors' bytes back to back.

import { SottoError } from "../../shared/errors.ts";

/** Element types of the format that can occur in a checkpoint, with their bytes. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U32: 4,
  U8: 1,
  BOOL: 1,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** One tensor as the file stores it. `bytes` is a view into the file. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Limits against hostile input; the largest published checkpoint (a 7B of 475 tensors) is far below each. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;
export const MAX_TENSORS = 16_384;
export const MAX_RANK = 8;
export const MAX_NAME_LENGTH = 512;

const LENGTH_BYTES = 8;

/**
 * The tensors of a file, by name, in the file's order. `name` is only for messages.
 * @throws SottoError `model-file-truncated` when bytes are missing, `model-file-malformed` when they make no sense.
 */
export function parseSafetensors(
  file: Uint8Array<ArrayBuffer>,
  name: string,
): ReadonlyMap<string, StoredTensor> {
  const { header, dataStart } = readHeader(file, name);
  const data = file.subarray(dataStart);
  const entries = Object.entries(header).filter(([key]) => key !== "__metadata__");
  if (entries.length > MAX_TENSORS)
    throw malformed(name, `it claims ${entries.length} tensors, more than ${MAX_TENSORS}`);
  const ranges = entries.map(([key, value]) => readEntry(key, value, name));
  checkCoverage(ranges, data.length, name);
  return new Map(
    ranges.map(({ key, type, shape, begin, end }) => [
      key,
      { type, shape, bytes: data.subarray(begin, end) },
    ]),
  );
}

interface Range {
  readonly key: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(
  file: Uint8Array<ArrayBuffer>,
  name: string,
): { header: Record<string, unknown>; dataStart: number } {
  if (file.length < LENGTH_BYTES) throw truncated(name, `it has only ${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw malformed(name, `its header claims ${length} bytes, more than ${MAX_HEADER_BYTES}`);
  const dataStart = LENGTH_BYTES + Number(length);
  if (file.length < dataStart)
    throw truncated(name, `its header ends at byte ${dataStart}, the file at ${file.length}`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      file.subarray(LENGTH_BYTES, dataStart),
    );
    const header: unknown = JSON.parse(text);
    if (isRecord(header)) return { header, dataStart };
  } catch (cause) {
    throw malformed(name, "its header is not JSON", cause);
  }
  throw malformed(name, "its header is not a JSON object");
}

function readEntry(key: string, value: unknown, name: string): Range {
  const fail = (reason: string): never => {
    throw malformed(name, `tensor ${JSON.stringify(key.slice(0, 80))} ${reason}`);
  };
  if (key.length > MAX_NAME_LENGTH) fail("has too long a name");
  if (!isRecord(value)) return fail("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype))
    return fail(`has the unknown type ${JSON.stringify(dtype)?.slice(0, 40)}`);
  if (!isSizes(shape) || shape.length > MAX_RANK) return fail("has no valid shape");
  if (!isSizes(offsets) || offsets.length !== 2) return fail("has no valid byte range");
  const [begin, end] = offsets as [number, number];
  const type = dtype as ElementType;
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes)
    return fail(`has ${end - begin} bytes, where its shape needs ${bytes}`);
  return { key, type, shape, begin, end };
}

/** Tensors must follow each other without gaps or overlaps and fill the file. */
function checkCoverage(ranges: readonly Range[], dataBytes: number, name: string): void {
  let position = 0;
  for (const { key, begin, end } of ranges.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position)
      throw malformed(name, `tensor ${JSON.stringify(key)} begins at ${begin}, not at ${position}`);
    position = end;
  }
  if (position > dataBytes)
    throw truncated(name, `its tensors need ${position} bytes and ${dataBytes} are there`);
  if (position < dataBytes)
    throw malformed(name, `${dataBytes - position} bytes follow its last tensor`);
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
