// Tokens of a column → rows of one stacked embedding table (spec §3.1). The host picks the rows, so that
// the graph is one gather and one sum, and token −1 costs nothing: it is a row of zeros. Runs in the worker.

import type { Tensor } from "../graph/index.ts";
import type { LmConfig } from "./config.ts";
import type { LmWeights } from "./lm-weights.ts";

type EmbeddingConfig = Pick<LmConfig, "nQ" | "dim" | "textCard" | "card">;

/** Sum of the embeddings of one column. `rows` int32 [1 + nQ], from `columnRows` → [1, dim]. */
export function embedColumn(rows: Tensor, config: EmbeddingConfig, weights: LmWeights): Tensor {
  const tables = [
    { name: "text_emb.weight", rows: config.textCard + 1 },
    ...Array.from({ length: config.nQ }, (_, i) => ({
      name: `emb.${i}.weight`,
      rows: config.card + 1,
    })),
  ];
  const table = weights.stackedTables("embeddings", tables, config.dim);
  return table.gather(rows).sum(0);
}

/**
 * Replaces a column's tokens by rows of the stacked table, in place.
 * @throws RangeError for a token that no table has a row for.
 */
export function columnRows(column: Int32Array, config: EmbeddingConfig): void {
  const textRows = config.textCard + 1;
  const audioRows = config.card + 1;
  const zeroRow = textRows + config.nQ * audioRows;
  for (const [k, token] of column.entries()) {
    if (token < -1 || token >= (k === 0 ? textRows : audioRows)) {
      throw new RangeError(`Row ${k} of the column has the token ${token}.`);
    }
    const offset = k === 0 ? 0 : textRows + (k - 1) * audioRows;
    column[k] = token === -1 ? zeroRow : offset + token;
  }
}
