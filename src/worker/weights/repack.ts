// Published 4- and 8-bit weights in the layout of ONNX Runtime's MatMulNBits, number for number: nothing is quantised
// twice (spec §6.4). Pure; runs anywhere. Proved bit by bit in the tests beside it.

import { blockScales, GGUF_BLOCKS, Q4_K_GROUP, q4KElement, q4KGroups } from "./gguf-blocks.ts";
import type { GgufTensor } from "./gguf.ts";
import { type MlxFormat, packedElement } from "./mlx-affine.ts";

/**
 * A matrix [rows, columns] in blocks along its rows. Element i of a block is `(q_i − zeroPoint) · scale + offset`, where
 * MatMulNBits computes the part before the plus, and `offset` is a correction of rank columns / block:
 * y += offsets · (sums of x over each block).
 */
export interface NBitsMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bits: 4 | 8;
  /** Elements of a block. */
  readonly block: number;
  /** 2^(bits−1), which MatMulNBits takes when it is given none; or 0, where only that is exact. */
  readonly zeroPoint: number;
  /** [rows, columns / block, block · bits / 8]; with 4 bits, the low nibble comes first. */
  readonly packed: Uint8Array<ArrayBuffer>;
  /** [rows, columns / block] */
  readonly scales: Float32Array<ArrayBuffer>;
  /** [rows, columns / block], or null when all are zero. */
  readonly offsets: Float32Array<ArrayBuffer> | null;
}

/** The weights that a MatMulNBits matrix stands for, before any rounding: the exact values as doubles. */
export function unpackNBits(matrix: NBitsMatrix): Float64Array {
  const { rows, columns, bits, block, zeroPoint, packed, scales, offsets } = matrix;
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) {
    const b = Math.floor(i / block);
    const q = packedElement(packed, i, bits);
    values[i] = (q - zeroPoint) * (scales[b] as number) + (offsets?.[b] ?? 0);
  }
  return values;
}

/** Two axes, of a matrix whose rows are whole blocks; null for anything else. */
function matrixShape(shape: readonly number[], block: number): readonly [number, number] | null {
  const [rows, columns] = shape;
  const fits = shape.length === 2 && rows !== undefined && columns !== undefined;
  return fits && columns % block === 0 ? [rows, columns] : null;
}

/**
 * A GGUF tensor as it is: Q8_0 and Q4_0 without offsets, Q4_K in groups of 32 with them.
 * @returns null when it is no matrix, or plain floats
 */
export function repackGguf({ type, shape, bytes }: GgufTensor): NBitsMatrix | null {
  const size = matrixShape(shape, 32);
  if (!size) return null;
  if (type === "Q8_0") return repackQ8_0(bytes, ...size);
  if (type === "Q4_0") return repackQ4_0(bytes, ...size);
  if (type === "Q4_K") return repackQ4_K(bytes, ...size);
  return null;
}

/**
 * MLX's words as they are; the scale and bias of a group become a scale and an offset.
 * @param packed the words as little-endian bytes
 * @returns null when it is no matrix of whole groups
 */
export function repackMlx(
  packed: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  scales: Float32Array<ArrayBuffer>,
  biases: Float32Array<ArrayBuffer>,
  { bits, group }: MlxFormat,
): NBitsMatrix | null {
  const size = matrixShape(shape, group);
  if (!size) return null;
  const [rows, columns] = size;
  const affine = affineBlocks(scales, biases, bits);
  return { rows, columns, bits, block: group, packed: packed.slice(), ...affine };
}

function repackQ8_0(bytes: Uint8Array<ArrayBuffer>, rows: number, columns: number): NBitsMatrix {
  const { elements: block, bytes: stride } = GGUF_BLOCKS.Q8_0;
  const scales = blockScales(bytes, 0, stride);
  const packed = new Uint8Array(rows * columns);
  for (let b = 0; b < scales.length; b += 1)
    // From two's complement to excess 128.
    for (let i = 0; i < block; i += 1)
      packed[b * block + i] = (bytes[b * stride + 2 + i] as number) ^ 128;
  return { rows, columns, bits: 8, block, zeroPoint: 128, packed, scales, offsets: null };
}

function repackQ4_0(bytes: Uint8Array<ArrayBuffer>, rows: number, columns: number): NBitsMatrix {
  const { elements: block, bytes: stride } = GGUF_BLOCKS.Q4_0;
  const scales = blockScales(bytes, 0, stride);
  // Bytes 2i and 2i + 1 hold neighbours in their low nibbles; in their high ones, the neighbours 16 further on.
  const element = (b: number, i: number): number => {
    const pair = bytes[b * stride + 2 + (i % 16)] as number;
    return i < 16 ? pair & 15 : pair >> 4;
  };
  const packed = packNibbles(scales.length, block, element);
  return { rows, columns, bits: 4, block, zeroPoint: 8, packed, scales, offsets: null };
}

function repackQ4_K(bytes: Uint8Array<ArrayBuffer>, rows: number, columns: number): NBitsMatrix {
  const { scales, minima } = q4KGroups(bytes);
  const biases = minima.map((minimum) => -minimum);
  const packed = packNibbles(scales.length, Q4_K_GROUP, (group, i) => q4KElement(bytes, group, i));
  return { rows, columns, bits: 4, block: Q4_K_GROUP, packed, ...affineBlocks(scales, biases, 4) };
}

function packNibbles(
  blocks: number,
  block: number,
  element: (block: number, i: number) => number,
): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array((blocks * block) / 2);
  for (let b = 0; b < blocks; b += 1)
    for (let i = 0; i < block; i += 2)
      packed[(b * block + i) / 2] = element(b, i) | (element(b, i + 1) << 4);
  return packed;
}

/**
 * w = scale · q + bias in MatMulNBits' terms: with the default zero point where every bias + zero point · scale is exact
 * in float32, which spares a tensor of zero points; else with the zero point 0, where the bias itself is the offset.
 */
function affineBlocks(
  scales: Float32Array<ArrayBuffer>,
  biases: Float32Array<ArrayBuffer>,
  bits: 4 | 8,
): Pick<NBitsMatrix, "zeroPoint" | "scales" | "offsets"> {
  const zeroPoint = 2 ** (bits - 1);
  const offsets = exactSums(biases, scales, zeroPoint);
  return offsets ? { zeroPoint, scales, offsets } : { zeroPoint: 0, scales, offsets: biases };
}

/** bias + factor · scale for every block; null unless every sum is exact in float32. */
function exactSums(
  biases: Float32Array,
  scales: Float32Array,
  factor: number,
): Float32Array<ArrayBuffer> | null {
  const sums = new Float32Array(scales.length);
  for (const [b, scale] of scales.entries()) {
    const bias = biases[b] as number;
    const sum = bias + factor * scale;
    sums[b] = sum;
    // The sum rounds in double precision too: it is exact if taking one term away leaves the other.
    if (sums[b] !== sum || sum - bias !== factor * scale || sum - factor * scale !== bias)
      return null;
  }
  return sums;
}
