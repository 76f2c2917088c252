// The values of a model's conditions (spec §4.1): lookup-table ones are added to every step's input, and guidance is a
// second, contrasting set. They do not change during a session, so the host adds them up once. Runs in the worker.

import { SottoError } from "../../shared/errors.ts";
import type { LmConfig, LutCondition } from "./config.ts";
import type { LmWeights } from "./lm-weights.ts";

/** A condition that is given as vectors over time, such as voices. */
export interface ConditionVectors {
  /** [positions, width], row after row. */
  readonly data: Float32Array;
  /** One a position: false takes the model's learnt padding in the vector's place. */
  readonly mask: readonly boolean[];
}

/** Attribute → value. A looked-up attribute that is left out takes the model's learnt padding. */
export type ConditionValues = Readonly<Record<string, string | ConditionVectors>>;

/** Classifier-free guidance: logits become `negative + scale·(positive − negative)` before sampling. */
export interface Guidance {
  readonly scale: number;
  /** The conditions of the second branch. */
  readonly negative: ConditionValues;
}

/**
 * The sum of the model's conditions, `dim` numbers.
 * @throws SottoError `bad-argument` for an attribute or a value that the model does not have.
 */
export function conditionSum(
  { conditions, cross, dim }: Pick<LmConfig, "conditions" | "cross" | "dim">,
  values: ConditionValues,
  weights: LmWeights,
): Float32Array {
  const names = conditions.map((condition) => condition.name);
  if (cross !== null) names.push(cross.name);
  const stranger = Object.keys(values).find((name) => !names.includes(name));
  if (stranger !== undefined) throw badCondition(`no condition called "${stranger}"`, names);
  const sum = new Float32Array(dim);
  for (const condition of conditions) {
    const vector = conditionVector(condition, values[condition.name], dim, weights);
    for (const [i, value] of vector.entries()) sum[i] = (sum[i] ?? 0) + value;
  }
  return sum;
}

/** output_proj · embed[index of the value], or the learnt padding. */
function conditionVector(
  { name, bins, width, values }: LutCondition,
  value: ConditionValues[string] | undefined,
  dim: number,
  weights: LmWeights,
): Float32Array {
  const at = `condition_provider.conditioners.${name}`;
  if (value === undefined) return weights.elements(`${at}.learnt_padding`, [1, 1, dim]);
  const index = typeof value === "string" ? values.indexOf(value) : -1;
  if (index < 0) {
    const shown = typeof value === "string" ? `value "${value}"` : "vectors";
    throw badCondition(`no ${shown} for the condition "${name}"`, values);
  }
  const table = weights.elements(`${at}.embed.weight`, [bins + 1, width]);
  const projection = weights.elements(`${at}.output_proj.weight`, [dim, width]);
  const row = table.subarray(index * width, (index + 1) * width);
  return Float32Array.from({ length: dim }, (_, i) => {
    const weightRow = projection.subarray(i * width, (i + 1) * width);
    return row.reduce((total, x, j) => total + x * (weightRow[j] ?? 0), 0);
  });
}

function badCondition(what: string, choices: readonly string[]): SottoError {
  return new SottoError(
    "bad-argument",
    `This model has ${what}.`,
    `Choose one of: ${choices.join(", ")}.`,
  );
}
