// Writes GGUF files for tests. Not used by the product.

/** Numbers of the format's tensor types. */
export const GGUF_TYPE_NUMBERS = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 8, Q4_K: 12, BF16: 30 } as const;

export interface GgufFixtureTensor {
  /** A name, or any number of the format. */
  readonly type: keyof typeof GGUF_TYPE_NUMBERS | number;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface GgufFixtureOptions {
  readonly version?: number;
  /** Raw bytes of metadata entries, and how many they are. */
  readonly metadata?: readonly Uint8Array[];
  readonly alignment?: number;
}

/** A file with the given tensors, back to back in their order but for the padding. */
export function writeGguf(
  tensors: Readonly<Record<string, GgufFixtureTensor>>,
  { version = 3, metadata = [], alignment = 32 }: GgufFixtureOptions = {},
): Uint8Array<ArrayBuffer> {
  const header: Uint8Array[] = [
    text("GGUF"),
    uint32(version),
    uint64(Object.keys(tensors).length),
    uint64(metadata.length),
    ...metadata,
  ];
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { type, shape, bytes }] of Object.entries(tensors)) {
    const number = typeof type === "number" ? type : GGUF_TYPE_NUMBERS[type];
    const sizes = shape.toReversed().map(uint64);
    header.push(string(name), uint32(shape.length), ...sizes, uint32(number), uint64(offset));
    const padded = new Uint8Array(Math.ceil(bytes.length / alignment) * alignment);
    padded.set(bytes);
    data.push(padded);
    offset += padded.length;
  }
  const headerBytes = join(header);
  const start = new Uint8Array(Math.ceil(headerBytes.length / alignment) * alignment);
  start.set(headerBytes);
  return join([start, ...data]);
}

/** A metadata entry: key, type number and value. */
export function entry(key: string, type: number, ...value: readonly Uint8Array[]): Uint8Array {
  return join([string(key), uint32(type), ...value]);
}

export function string(value: string): Uint8Array {
  const bytes = text(value);
  return join([uint64(bytes.length), bytes]);
}

export function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

export function uint64(value: number | bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    file.set(part, position);
    position += part.length;
  }
  return file;
}
