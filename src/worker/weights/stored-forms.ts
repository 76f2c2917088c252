// The forms in which checkpoints store a weight, besides plain elements: MLX's affine quantisation, PyTorch's int8 rows
// (spec §6.4), weight norm (§2), and low-rank adapters beside a weight. Tells them by their names and shapes, and
// computes the float32 weight. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import { toFloat32 } from "./elements.ts";
import { ggufToFloat32 } from "./gguf-blocks.ts";
import type { GgufTensor, GgufType } from "./gguf.ts";
import { foldWeightNorm, fromInt8Rows } from "./int8-rows.ts";
import { fromMlxAffine, type MlxFormat, mlxFormat } from "./mlx-affine.ts";
import type { ElementType } from "./safetensors.ts";

/** What a file's header says of one tensor. */
export interface TensorHeader {
  readonly type: ElementType | GgufType;
  readonly shape: readonly number[];
}

/** One tensor as its file stores it. */
export interface FileTensor extends TensorHeader {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a weight is stored, and under which names. */
export type StoredForm =
  | { readonly kind: "plain"; readonly name: string }
  | {
      readonly kind: "mlx";
      readonly format: MlxFormat;
      readonly packed: string;
      readonly scales: string;
      readonly biases: string;
    }
  | { readonly kind: "int8-rows"; readonly values: string; readonly scales: string }
  | { readonly kind: "weight-norm"; readonly magnitude: string; readonly direction: string };

/** A weight, with the shape that it has for the model. */
export interface Weight {
  readonly shape: readonly number[];
  readonly form: StoredForm;
}

/** A low-rank change to the weight of the linear module `module`: names of A [rank, in] and B [out, rank]. */
export interface Adapter {
  readonly module: string;
  readonly a: string;
  readonly b: string;
}

export interface StoredWeights {
  /** By the name that the weight would have if it were plain. */
  readonly weights: ReadonlyMap<string, Weight>;
  readonly adapters: readonly Adapter[];
}

/**
 * The weights of a file, from its header alone.
 * @throws SottoError `model-unsupported` for a quantisation in MLX's form with other parameters than the published.
 */
export function storedWeights(file: ReadonlyMap<string, TensorHeader>): StoredWeights {
  const taken = new Set<string>();
  const weights = new Map<string, Weight>();
  const adapters: Adapter[] = [];
  for (const [name, { type, shape }] of file) {
    const stem = name.replace(/weight$/, "");
    const [scales, biases] = [`${stem}scales`, `${stem}biases`];
    const companion = file.get(scales);
    if (type === "U32" && name.endsWith("weight") && companion && file.has(biases)) {
      const format = mlxFormat(name, shape, companion.shape);
      weights.set(name, {
        shape: [...shape.slice(0, -1), ((shape.at(-1) ?? 0) * 32) / format.bits],
        form: { kind: "mlx", format, packed: name, scales, biases },
      });
      taken.add(name).add(scales).add(biases);
    } else if (type === "I8" && file.has(`${name}_scb`)) {
      weights.set(name, {
        shape,
        form: { kind: "int8-rows", values: name, scales: `${name}_scb` },
      });
      taken.add(name).add(`${name}_scb`);
    } else if (name.endsWith("_v") && file.has(`${name.slice(0, -1)}g`)) {
      const magnitude = `${name.slice(0, -1)}g`;
      const form = { kind: "weight-norm", magnitude, direction: name } as const;
      weights.set(name.slice(0, -2), { shape, form });
      taken.add(name).add(magnitude);
    } else if (name.endsWith(".lora_A.weight")) {
      const module = name.slice(0, -".lora_A.weight".length);
      const b = `${module}.lora_B.weight`;
      if (!file.has(b)) continue;
      adapters.push({ module, a: name, b });
      taken.add(name).add(b);
    }
  }
  for (const [name, { shape }] of file)
    if (!taken.has(name)) weights.set(name, { shape, form: { kind: "plain", name } });
  return { weights, adapters };
}

/**
 * A weight as float32, row-major. A plain F32 tensor is a view of its file; everything else is a new array.
 * @param tensor gives a tensor of the file by name
 * @throws SottoError `model-unsupported` when its elements are no floats.
 */
export function readWeight(
  form: StoredForm,
  tensor: (name: string) => FileTensor,
): Float32Array<ArrayBuffer> {
  const floats = (name: string): Float32Array<ArrayBuffer> => readPlain(name, tensor(name));
  if (form.kind === "mlx") {
    const { packed, scales, biases, format } = form;
    return fromMlxAffine(tensor(packed).bytes, floats(scales), floats(biases), format);
  }
  if (form.kind === "int8-rows")
    return fromInt8Rows(tensor(form.values).bytes, floats(form.scales));
  if (form.kind === "weight-norm")
    return foldWeightNorm(floats(form.magnitude), floats(form.direction));
  return floats(form.name);
}

function readPlain(name: string, tensor: FileTensor): Float32Array<ArrayBuffer> {
  if (isGguf(tensor)) return ggufToFloat32(tensor);
  const { type, shape, bytes } = tensor;
  const values = toFloat32({ type: type as ElementType, shape, bytes });
  if (values) return values;
  throw new SottoError(
    "model-unsupported",
    `Tensor ${name} has elements of type ${type}, and nothing beside it says what they mean.`,
    "Choose a version of the model in F32, F16, BF16, GGUF, MLX's q4 or q8, or PyTorch's q8.",
  );
}

function isGguf(tensor: FileTensor): tensor is FileTensor & GgufTensor {
  return tensor.type === "Q8_0" || tensor.type === "Q4_0" || tensor.type === "Q4_K";
}
