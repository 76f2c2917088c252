// Writes safetensors files for tests. Not used by the product.

import type { ElementType } from "./safetensors.ts";

export interface FixtureTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A file with the given tensors, back to back in their order. */
export function writeSafetensors(
  tensors: Readonly<Record<string, FixtureTensor>>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { type, shape, bytes }]) => {
      const begin = end;
      end += bytes.length;
      return [name, { dtype: type, shape, data_offsets: [begin, end] }];
    }),
  );
  return joinFile(JSON.stringify(header), ...Object.values(tensors).map(({ bytes }) => bytes));
}

/** A file from a header's text and the bytes after it, however wrong. */
export function joinFile(header: string, ...data: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  const parts = [length, text, ...data];
  const file = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let position = 0;
  for (const part of parts) {
    file.set(part, position);
    position += part.length;
  }
  return file;
}

/** A float32 tensor. */
export function floats(shape: readonly number[], values: readonly number[]): FixtureTensor {
  return { type: "F32", shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}
