// Tokens of a column → rows of one stacked embedding table (spec §3.1). The host picks the rows, so that
// the graph is one gather and one sum, and token −1 costs nothing: it is a row of zeros. Runs in the worker.

import type { Tensor } from "../graph/index.ts";
import type { LmConfig } from "./config.ts";
import type { LmWeights } from "./lm-weights.ts";
import { END, PAD } from "./text-tokens.ts";

type EmbeddingConfig = Pick<
  LmConfig,
  "nQ" | "dim" | "textCard" | "card" | "demuxText" | "translates"
>;

/** Rows that `columnRows` picks: one a token of the column, and the second half of a text token that has two. */
export function rowCount({ nQ, demuxText }: Pick<LmConfig, "nQ" | "demuxText">): number {
  return 1 + nQ + (demuxText ? 1 : 0);
}

/** Sum of the embeddings of one column. `rows` int32 [rowCount], from `columnRows` → [1, dim]. */
export function embedColumn(rows: Tensor, config: EmbeddingConfig, weights: LmWeights): Tensor {
  const { nQ, dim } = config;
  const picked = embeddings(config, weights).gather(rows);
  if (!config.demuxText) return picked.sum(0);
  const [main, audio, second] = picked.split(0, [1, nQ, 1]);
  return joinText(main, second, "text_emb", dim, weights).add(audio.sum(0));
}

/** The same for several columns of a model whose text tokens have one half. `rows` int32 [columns, rowCount]. */
export function embedColumns(rows: Tensor, config: EmbeddingConfig, weights: LmWeights): Tensor {
  return embeddings(config, weights).gather(rows).sum(1, false);
}

function embeddings({ nQ, dim, textCard, card }: EmbeddingConfig, weights: LmWeights): Tensor {
  const tables = [
    { name: "text_emb.weight", rows: textCard + 1 },
    ...Array.from({ length: nQ }, (_, i) => ({ name: `emb.${i}.weight`, rows: card + 1 })),
  ];
  return weights.stackedTables("embeddings", tables, dim);
}

/** The two halves of a demultiplexed text token, embedded → out1·main + out2·second, [1, width] (spec §4). */
export function joinText(
  main: Tensor,
  second: Tensor,
  at: string,
  width: number,
  weights: LmWeights,
): Tensor {
  const project = (half: Tensor, name: string) =>
    half.linear(weights.matrix(`${at}.${name}.weight`, width, half.dim(1)));
  return project(main, "out1").add(project(second, "out2"));
}

/** A text token of a model that demultiplexes: `main`, and `second` or −1 for none. Its inverse is `splitText`. */
export function muxText(main: number, second: number, textCard: number): number {
  return (second + 1) * (textCard + 1) + main;
}

/** The halves of a token that `muxText` made; −1, the zero vector, has −1 for both. */
export function splitText(token: number, textCard: number): { main: number; second: number } {
  if (token === -1) return { main: -1, second: -1 };
  const rows = textCard + 1;
  return { main: token % rows, second: Math.floor(token / rows) - 1 };
}

/**
 * Writes the rows of a column's tokens in the stacked table.
 * @param into `rowCount` rows: text, audio, and the text's second half where there is one
 * @throws RangeError for a token that no table has a row for.
 */
export function columnRows(column: Int32Array, config: EmbeddingConfig, into: Int32Array): void {
  const { nQ, textCard, card, demuxText, translates } = config;
  const textRows = textCard + 1;
  const audioRows = card + 1;
  const zeroRow = textRows + nQ * audioRows;
  const pick = (row: number, token: number, offset: number, rows: number): number => {
    if (token < -1 || token >= rows)
      throw new RangeError(`Row ${row} of the column has the token ${token}.`);
    return token === -1 ? zeroRow : offset + token;
  };
  let text = column[0] ?? -2;
  if (demuxText && text >= 0) {
    const { main, second } = splitText(text, textCard);
    into[1 + nQ] = pick(0, second, 0, textRows);
    text = main;
  } else if (demuxText) into[1 + nQ] = zeroRow;
  if (translates && text === END) text = PAD;
  into[0] = pick(0, text, 0, textRows);
  for (let k = 1; k <= nQ; k++)
    into[k] = pick(k, column[k] ?? -2, textRows + (k - 1) * audioRows, audioRows);
}
