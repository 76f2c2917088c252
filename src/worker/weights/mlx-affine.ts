// MLX's affine quantisation (spec §6.4): unsigned numbers of 4 or 8 bits in 32-bit words, low bits first, with a scale
// and a bias for every group along a row: w = scale · q + bias. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";

export interface MlxFormat {
  readonly bits: 4 | 8;
  /** Elements of a row that share a scale and a bias. */
  readonly group: number;
}

/** The two that are published, by words of a row for each group. */
const FORMATS: ReadonlyMap<number, MlxFormat> = new Map([
  [4, { bits: 4, group: 32 }],
  [16, { bits: 8, group: 64 }],
]);

/**
 * Which format a tensor is in. Shapes: words [out, in · bits / 32], scales [out, in / group].
 * @throws SottoError `model-unsupported` for another one.
 */
export function mlxFormat(
  name: string,
  words: readonly number[],
  scales: readonly number[],
): MlxFormat {
  const format = FORMATS.get((words.at(-1) ?? 0) / (scales.at(-1) ?? 0));
  if (format) return format;
  throw new SottoError(
    "model-unsupported",
    `Tensor ${name} is quantised with [${words.join(", ")}] words and [${scales.join(", ")}] scales.`,
    "Sotto reads MLX's 4 bits in groups of 32 and 8 bits in groups of 64; choose such a version of the model.",
  );
}

/** `packed`: the words as little-endian bytes. Rounds once, to float32. */
export function fromMlxAffine(
  packed: Uint8Array,
  scales: Float32Array,
  biases: Float32Array,
  { bits, group }: MlxFormat,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(scales.length * group);
  for (let i = 0; i < values.length; i += 1) {
    const g = Math.floor(i / group);
    values[i] = (scales[g] as number) * packedElement(packed, i, bits) + (biases[g] as number);
  }
  return values;
}

/** Element `i` of numbers packed in little-endian words, low bits first: in bytes, the low nibble comes first. */
export function packedElement(packed: Uint8Array, i: number, bits: 4 | 8): number {
  if (bits === 8) return packed[i] as number;
  const pair = packed[i >> 1] as number;
  return i & 1 ? pair >> 4 : pair & 15;
}
