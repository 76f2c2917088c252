// A checkpoint of any format and naming, seen under the canonical names: a lazy view that converts a tensor when it is
// asked for. Pure; runs anywhere.

import { SottoError } from "../../shared/errors.ts";
import type { HostTensor } from "../graph/index.ts";
import type { CanonicalTensors } from "./canonical.ts";
import type { Checkpoint, ExpectedShape } from "./checkpoint.ts";
import { allFinite } from "./elements.ts";
import { mergeLowRank, PUBLISHED_LORA_SCALING } from "./low-rank.ts";
import {
  type Adapter,
  type FileTensor,
  readWeight,
  type StoredWeights,
  storedWeights,
  type TensorHeader,
} from "./stored-forms.ts";
import { alternatives, type NamePlan, planNames, type Recipe } from "./tensor-names.ts";

/** What graphs need of a checkpoint. */
export type TensorView = Pick<Checkpoint, "file" | "names" | "has" | "shapeOf" | "float">;

/** Adapters in a file of their own; their scaling is not in the file. */
export interface LoraFile {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly scaling?: number;
}

/** What a file's header says about a model: which of its tensors make which canonical ones. */
export interface CheckpointPlan extends NamePlan {
  readonly stored: StoredWeights;
}

/** @param schedule as for planNames */
export function planCheckpoint(
  canonical: CanonicalTensors,
  headers: ReadonlyMap<string, TensorHeader>,
  schedule: readonly number[],
): CheckpointPlan {
  const stored = storedWeights(headers);
  const shapes = new Map([...stored.weights].map(([name, { shape }]) => [name, shape]));
  return { ...planNames(canonical, shapes, schedule), stored };
}

export class NamedTensors implements TensorView {
  readonly file: string;
  readonly #plan: CheckpointPlan;
  readonly #tensors: ReadonlyMap<string, FileTensor>;
  readonly #changes: ReadonlyMap<string, readonly Change[]>;
  readonly #floats = new Map<string, HostTensor<"float32">>();

  /**
   * @param file name, for messages
   * @param tensors what the file holds (parseSafetensors, parseGguf), borrowed as long as the view is used
   * @throws SottoError `model-shape-mismatch` when a tensor is missing or of another shape, `model-unsupported` when
   *   the file or the adapters hold one that no canonical tensor is made of.
   */
  constructor(
    file: string,
    tensors: ReadonlyMap<string, FileTensor>,
    canonical: CanonicalTensors,
    schedule: readonly number[],
    lora: LoraFile = { tensors: new Map() },
  ) {
    this.file = file;
    this.#tensors = tensors;
    this.#plan = planCheckpoint(canonical, tensors, schedule);
    refuseGaps(file, this.#plan);
    const own = lowRankChanges(this.#plan, tensors, schedule, PUBLISHED_LORA_SCALING, file);
    const scaling = lora.scaling ?? PUBLISHED_LORA_SCALING;
    const { adapters, weights } = storedWeights(lora.tensors);
    const [stranger] = weights.keys();
    if (stranger !== undefined) throw unsupported(file, stranger);
    const other = lowRankChanges(
      { ...this.#plan, stored: { weights, adapters } },
      lora.tensors,
      schedule,
      scaling,
      file,
    );
    this.#changes = new Map(
      [...new Set([...own.keys(), ...other.keys()])].map((name) => [
        name,
        [...(own.get(name) ?? []), ...(other.get(name) ?? [])],
      ]),
    );
  }

  /** Canonical names. */
  names(): string[] {
    return [...this.#plan.recipes.keys()];
  }

  has(name: string): boolean {
    return this.#plan.recipes.has(name);
  }

  shapeOf(name: string): readonly number[] | null {
    return this.#plan.recipes.get(name)?.shape ?? null;
  }

  /**
   * A tensor as float32; asking twice gives the same object.
   * @throws SottoError `model-shape-mismatch` when it is missing or of another shape, `model-not-finite`,
   *   `model-unsupported` when its elements are no floats or copies of it differ.
   */
  float(name: string, shape: ExpectedShape): HostTensor<"float32"> {
    const recipe = this.#plan.recipes.get(name);
    if (!recipe) throw mismatch(this.file, `it has no tensor ${name}`);
    const fits =
      recipe.shape.length === shape.length &&
      shape.every((size, axis) => size === null || size === recipe.shape[axis]);
    if (!fits)
      throw mismatch(
        this.file,
        `tensor ${name} is [${recipe.shape.join(", ")}], not [${shape.map((size) => size ?? "any").join(", ")}]`,
      );
    const known = this.#floats.get(name);
    if (known) return known;
    const tensor = {
      dtype: "float32",
      shape: recipe.shape,
      data: this.#read(name, recipe),
    } as const;
    this.#floats.set(name, tensor);
    return tensor;
  }

  #read(name: string, { shape, parts }: Recipe): Float32Array<ArrayBuffer> {
    for (const [first, ...copies] of parts) this.#compareCopies(first, copies);
    const changes = this.#changes.get(name) ?? [];
    let data: Float32Array<ArrayBuffer>;
    const [only, second] = parts;
    if (only && !second && changes.length === 0) data = this.#part(only[0]);
    else {
      data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      let start = 0;
      for (const [first] of parts) {
        const rows = this.#part(first);
        data.set(rows, start);
        start += rows.length;
      }
      for (const change of changes) change(data);
    }
    if (allFinite(data)) return data;
    throw new SottoError(
      "model-not-finite",
      `Tensor ${name} of ${this.file} has values that are not finite numbers.`,
      "The file is damaged or was trained badly; download it again or choose another model.",
    );
  }

  #part(name: string): Float32Array<ArrayBuffer> {
    const weight = this.#plan.stored.weights.get(name);
    if (!weight) throw mismatch(this.file, `it has no tensor ${name}`);
    return readWeight(weight.form, (tensor) => this.#stored(tensor));
  }

  /** Sub-steps that share a weight set repeat it; if they did not, dropping all but one would change the model. */
  #compareCopies(first: string, copies: readonly string[]): void {
    for (const copy of copies) {
      const names = [first, copy].map((name) => this.#storedNames(name));
      const [ours = [], theirs = []] = names;
      const alike = ours.every((name, i) => {
        const other = theirs[i];
        return other !== undefined && sameBytes(this.#stored(name), this.#stored(other));
      });
      if (!alike)
        throw new SottoError(
          "model-unsupported",
          `Tensors ${first} and ${copy} of ${this.file} should be the same, since their sub-steps share weights.`,
          "Its config.json and its weights do not belong together; get both again from one place.",
        );
    }
  }

  #storedNames(name: string): string[] {
    const form = this.#plan.stored.weights.get(name)?.form;
    if (!form) return [];
    if (form.kind === "mlx") return [form.packed, form.scales, form.biases];
    if (form.kind === "int8-rows") return [form.values, form.scales];
    if (form.kind === "weight-norm") return [form.magnitude, form.direction];
    return [form.name];
  }

  #stored(name: string): FileTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw mismatch(this.file, `it has no tensor ${name}`);
    return tensor;
  }
}

/** Adds an adapter's product to a canonical tensor, in place. */
type Change = (weight: Float32Array) => void;

/** The changes that a file's adapters make, by canonical name. A module may be one block of a fused tensor. */
function lowRankChanges(
  { recipes, stored }: CheckpointPlan,
  tensors: ReadonlyMap<string, FileTensor>,
  schedule: readonly number[],
  scaling: number,
  file: string,
): Map<string, Change[]> {
  const changes = new Map<string, Change[]>();
  if (stored.adapters.length === 0) return changes;
  const targets = new Map<string, Target>();
  for (const [name, { shape }] of recipes)
    for (const parts of alternatives(name, schedule))
      for (const [block, part] of parts.entries())
        for (const weight of part.slice(0, 1))
          targets.set(moduleOf(weight), { name, shape, block, blocks: parts.length });
  for (const adapter of stored.adapters) {
    const target = targets.get(adapter.module);
    if (!target) throw unsupported(file, adapter.a);
    const list = changes.get(target.name) ?? [];
    list.push(changeOf(adapter, target, tensors, scaling, file));
    changes.set(target.name, list);
  }
  return changes;
}

interface Target {
  readonly name: string;
  readonly shape: readonly number[];
  readonly block: number;
  readonly blocks: number;
}

function changeOf(
  { module, a, b }: Adapter,
  { shape, block, blocks }: Target,
  tensors: ReadonlyMap<string, FileTensor>,
  scaling: number,
  file: string,
): Change {
  const [rank = 0, columns = 0] = tensors.get(a)?.shape ?? [];
  const [rows = 0, inner = 0] = tensors.get(b)?.shape ?? [];
  if (rank < 1 || inner !== rank || columns !== shape[1] || rows * blocks !== shape[0])
    throw mismatch(file, `the adapter of ${module} does not fit a weight of [${shape.join(", ")}]`);
  const read = (name: string): Float32Array =>
    readWeight({ kind: "plain", name }, () => tensors.get(name) as FileTensor);
  return (weight) => {
    const start = block * rows * columns;
    const part = weight.subarray(start, start + rows * columns);
    mergeLowRank(part, read(a), read(b), rank, scaling);
  };
}

/** The module that holds a weight: "x.weight" → "x", and the fused "x.in_proj_weight" → "x.in_proj". */
function moduleOf(weight: string): string {
  return weight.replace(/[._]weight$/, "");
}

function refuseGaps(file: string, { missing, mismatched, unused }: CheckpointPlan): void {
  if (missing[0] !== undefined)
    throw mismatch(file, `it has no tensor ${missing[0]}${andMore(missing)}`);
  if (mismatched[0] !== undefined)
    throw mismatch(file, `tensor ${mismatched[0]} is of another shape${andMore(mismatched)}`);
  if (unused[0] !== undefined) throw unsupported(file, `${unused[0]}${andMore(unused)}`);
}

function andMore(names: readonly string[]): string {
  return names.length > 1 ? ` (and ${names.length - 1} more)` : "";
}

function sameBytes(a: FileTensor, b: FileTensor): boolean {
  if (a.type !== b.type || a.bytes.length !== b.bytes.length) return false;
  // Copies are megabytes: a plain loop, no callback for each byte.
  for (let i = 0; i < a.bytes.length; i += 1) if (a.bytes[i] !== b.bytes[i]) return false;
  return true;
}

function mismatch(file: string, reason: string): SottoError {
  return new SottoError(
    "model-shape-mismatch",
    `The model file ${file} does not fit its config.json: ${reason}.`,
    "Its config.json and its weights do not belong together; get both again from one place.",
  );
}

function unsupported(file: string, names: string): SottoError {
  return new SottoError(
    "model-unsupported",
    `The model file ${file} has a tensor that Sotto does not compute with: ${names}.`,
    "Choose a model of Moshi's family.",
  );
}
