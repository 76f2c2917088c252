// GGUF's quantised blocks as float32, exactly. Pure; runs anywhere. Blocks follow each other along a tensor's last axis.

import { toFloat32 } from "./elements.ts";
import type { GgufBlockType, GgufTensor } from "./gguf.ts";

/** Elements and bytes of one block. */
export const GGUF_BLOCKS = {
  Q4_0: { elements: 32, bytes: 18 },
  Q8_0: { elements: 32, bytes: 34 },
  Q4_K: { elements: 256, bytes: 144 },
} as const satisfies Record<GgufBlockType, { elements: number; bytes: number }>;

/** Elements that share one scale in Q4_K: an eighth of its block. */
export const Q4_K_GROUP = 32;

/** Any tensor of a GGUF file as float32, row-major in its shape. */
export function ggufToFloat32({ type, shape, bytes }: GgufTensor): Float32Array<ArrayBuffer> {
  if (type === "Q8_0") return fromQ8_0(bytes);
  if (type === "Q4_0") return fromQ4_0(bytes);
  if (type === "Q4_K") return fromQ4_K(bytes);
  // The three that are left are floats, which toFloat32 never refuses.
  return toFloat32({ type, shape, bytes }) as Float32Array<ArrayBuffer>;
}

/** 16-bit scale, then 32 signed bytes: w = scale · q. */
function fromQ8_0(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const { elements, bytes: stride } = GGUF_BLOCKS.Q8_0;
  const scales = blockScales(bytes, 0, stride);
  const values = new Float32Array(scales.length * elements);
  for (const [block, scale] of scales.entries()) {
    for (let i = 0; i < elements; i += 1) {
      const q = ((bytes[block * stride + 2 + i] as number) << 24) >> 24;
      values[block * elements + i] = scale * q;
    }
  }
  return values;
}

/** 16-bit scale, then 16 bytes: low nibbles are elements 0…15, high ones 16…31; w = scale · (q − 8). */
function fromQ4_0(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const { elements, bytes: stride } = GGUF_BLOCKS.Q4_0;
  const scales = blockScales(bytes, 0, stride);
  const values = new Float32Array(scales.length * elements);
  for (const [block, scale] of scales.entries()) {
    for (let i = 0; i < elements; i += 1) {
      const pair = bytes[block * stride + 2 + (i % 16)] as number;
      values[block * elements + i] = scale * ((i < 16 ? pair & 15 : pair >> 4) - 8);
    }
  }
  return values;
}

function fromQ4_K(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const { scales, minima } = q4KGroups(bytes);
  const values = new Float32Array(scales.length * Q4_K_GROUP);
  for (const [group, scale] of scales.entries()) {
    const minimum = minima[group] as number;
    for (let i = 0; i < Q4_K_GROUP; i += 1)
      values[group * Q4_K_GROUP + i] = scale * q4KElement(bytes, group, i) - minimum;
  }
  return values;
}

/**
 * Scales and minima of every group of 32: w = scale · q − minimum. A block stores a 16-bit scale of scales and one of
 * minima, then eight pairs of 6-bit numbers in 12 bytes; the products are exact in float32 (11 + 6 bits).
 */
export function q4KGroups(bytes: Uint8Array<ArrayBuffer>): {
  readonly scales: Float32Array<ArrayBuffer>;
  readonly minima: Float32Array<ArrayBuffer>;
} {
  const stride = GGUF_BLOCKS.Q4_K.bytes;
  const blockScale = blockScales(bytes, 0, stride);
  const blockMinimum = blockScales(bytes, 2, stride);
  const scales = new Float32Array(blockScale.length * 8);
  const minima = new Float32Array(blockScale.length * 8);
  for (let group = 0; group < scales.length; group += 1) {
    const block = group >> 3;
    const j = group & 7;
    const packed = (i: number): number => bytes[block * stride + 4 + i] as number;
    const scale = j < 4 ? packed(j) & 63 : (packed(j + 4) & 15) | ((packed(j - 4) >> 6) << 4);
    const minimum = j < 4 ? packed(j + 4) & 63 : (packed(j + 4) >> 4) | ((packed(j) >> 6) << 4);
    scales[group] = (blockScale[block] as number) * scale;
    minima[group] = (blockMinimum[block] as number) * minimum;
  }
  return { scales, minima };
}

/** The 4-bit number of element `i` of a group. Two groups share 32 bytes: the even one has the low nibbles. */
export function q4KElement(bytes: Uint8Array, group: number, i: number): number {
  const block = group >> 3;
  const pairStart = block * GGUF_BLOCKS.Q4_K.bytes + 16 + ((group & 7) >> 1) * 32;
  const pair = bytes[pairStart + i] as number;
  return group & 1 ? pair >> 4 : pair & 15;
}

/** The 16-bit floats at `offset` in every block of `stride` bytes, widened. */
export function blockScales(
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
  stride: number,
): Float32Array<ArrayBuffer> {
  const count = bytes.length / stride;
  const halves = new Uint8Array(count * 2);
  for (let block = 0; block < count; block += 1) {
    halves[block * 2] = bytes[block * stride + offset] as number;
    halves[block * 2 + 1] = bytes[block * stride + offset + 1] as number;
  }
  return toFloat32({ type: "F16", shape: [count], bytes: halves }) as Float32Array<ArrayBuffer>;
}
