// The tensors of one checkpoint file, asked for by name and expected shape. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import type { HostTensor } from "../graph/index.ts";
import { allFinite, toFloat32, toInt32 } from "./elements.ts";
import type { StoredTensor } from "./safetensors.ts";
import { parseSafetensors } from "./safetensors.ts";

/** An axis of an expected shape; null accepts any size. */
export type ExpectedShape = readonly (number | null)[];

export class Checkpoint {
  /** File name, for messages. */
  readonly file: string;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #floats = new Map<string, HostTensor<"float32">>();

  private constructor(file: string, tensors: ReadonlyMap<string, StoredTensor>) {
    this.file = file;
    this.#tensors = tensors;
  }

  /**
   * Opens a safetensors file and looks at every float in it.
   * @throws SottoError `model-file-truncated`, `model-file-malformed`, or `model-not-finite` for a NaN or an infinity.
   */
  static parse(bytes: Uint8Array<ArrayBuffer>, file: string): Checkpoint {
    const tensors = parseSafetensors(bytes, file);
    for (const [name, tensor] of tensors) {
      const values = toFloat32(tensor);
      if (values && !allFinite(values))
        throw new SottoError(
          "model-not-finite",
          `Tensor ${name} of ${file} has values that are not finite numbers.`,
          "The file is damaged or was trained badly; download it again or choose another model.",
        );
    }
    return new Checkpoint(file, tensors);
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Shape of a tensor, or null when the file lacks it. */
  shapeOf(name: string): readonly number[] | null {
    return this.#tensors.get(name)?.shape ?? null;
  }

  /**
   * A float tensor as float32; asking twice gives the same object, so that sessions can share it.
   * @throws SottoError `model-shape-mismatch` when it is missing or of another shape, `model-unsupported` when its
   *   elements are not floats.
   */
  float(name: string, shape: ExpectedShape): HostTensor<"float32"> {
    const stored = this.#expect(name, shape);
    const known = this.#floats.get(name);
    if (known) return known;
    const data = toFloat32(stored);
    if (!data) throw this.#unsupported(name, stored);
    const tensor = { dtype: "float32", shape: stored.shape, data } as const;
    this.#floats.set(name, tensor);
    return tensor;
  }

  /** An integer tensor as int32. Throws as `float` does. */
  int(name: string, shape: ExpectedShape): HostTensor<"int32"> {
    const stored = this.#expect(name, shape);
    const data = toInt32(stored);
    if (!data) throw this.#unsupported(name, stored);
    return { dtype: "int32", shape: stored.shape, data };
  }

  #expect(name: string, shape: ExpectedShape): StoredTensor {
    const stored = this.#tensors.get(name);
    const remedy =
      "Its config.json and its weights do not belong together; get both again from one place.";
    if (!stored)
      throw new SottoError("model-shape-mismatch", `${this.file} has no tensor ${name}.`, remedy);
    const fits =
      stored.shape.length === shape.length &&
      shape.every((size, axis) => size === null || size === stored.shape[axis]);
    if (!fits)
      throw new SottoError(
        "model-shape-mismatch",
        `Tensor ${name} of ${this.file} is [${stored.shape.join(", ")}], not [${shape.map((size) => size ?? "any").join(", ")}].`,
        remedy,
      );
    return stored;
  }

  #unsupported(name: string, { type }: StoredTensor): SottoError {
    return new SottoError(
      "model-unsupported",
      `Tensor ${name} of ${this.file} has elements of type ${type}.`,
      "Sotto reads F32, F16 and BF16 weights; choose such a version of the model.",
    );
  }
}
