// Lookup-table conditions that are added to every step's input, and guidance by a second, contrasting set of
// them (spec §4.1). They do not change during a session, so the host adds them up once. Runs in the worker.

import { SottoError } from "../../shared/errors.ts";
import type { LmConfig, LutCondition } from "./config.ts";
import type { LmWeights } from "./lm-weights.ts";

/** Attribute → value. An attribute that is left out takes the model's learnt padding. */
export type ConditionValues = Readonly<Record<string, string>>;

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
  { conditions, dim }: Pick<LmConfig, "conditions" | "dim">,
  values: ConditionValues,
  weights: LmWeights,
): Float32Array {
  for (const name of Object.keys(values)) {
    if (!conditions.some((condition) => condition.name === name)) {
      throw badCondition(
        `no condition called "${name}"`,
        conditions.map((c) => c.name),
      );
    }
  }
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
  value: string | undefined,
  dim: number,
  weights: LmWeights,
): Float32Array {
  const at = `condition_provider.conditioners.${name}`;
  if (value === undefined) return weights.elements(`${at}.learnt_padding`, [1, 1, dim]);
  const index = values.indexOf(value);
  if (index < 0) throw badCondition(`no value "${value}" for the condition "${name}"`, values);
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
