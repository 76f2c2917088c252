// Turns the stored elements of a checkpoint into arrays that graphs take. Pure; runs anywhere.

import type { StoredTensor } from "./safetensors.ts";

/** Elements as float32; F16 and BF16 widen exactly. null when the stored type is no float of at most 32 bits. */
export function toFloat32({ type, bytes }: StoredTensor): Float32Array<ArrayBuffer> | null {
  if (type === "F32") return new Float32Array(...aligned(bytes, 4));
  if (type === "BF16") return widenBFloat16(new Uint16Array(...aligned(bytes, 2)));
  if (type === "F16") return widenFloat16(new Uint16Array(...aligned(bytes, 2)));
  return null;
}

/** Elements as JavaScript integers that fit 32 bits; null when the stored type is no integer. */
export function toInt32({ type, bytes }: StoredTensor): Int32Array<ArrayBuffer> | null {
  if (type === "U8") return Int32Array.from(bytes);
  if (type === "I32") return new Int32Array(...aligned(bytes, 4));
  if (type === "I64") return Int32Array.from(new BigInt64Array(...aligned(bytes, 8)), Number);
  return null;
}

/** True when no element is NaN or infinite. */
export function allFinite(values: Float32Array): boolean {
  // x - x is 0 for finite x and NaN otherwise: one pass with no branch.
  let sum = 0;
  for (const value of values) sum += value - value;
  return sum === 0;
}

/** Constructor arguments for a typed array over `bytes`, which are copied when they do not start on a boundary. */
function aligned(
  bytes: Uint8Array<ArrayBuffer>,
  elementBytes: number,
): [buffer: ArrayBuffer, byteOffset: number, length: number] {
  const source = bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
  return [source.buffer, source.byteOffset, source.byteLength / elementBytes];
}

/** bfloat16 is the upper half of a float32. */
function widenBFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

function widenFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const wide = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) wide[i] = float16Value(halves[i] as number);
  return wide;
}

function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
