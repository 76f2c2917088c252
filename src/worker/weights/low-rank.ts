// Low-rank adapters (LoRA), merged into the weight that they change (spec §6.4). Pure; runs anywhere.

/** Scaling of the published adapters: W′ = W + 2 · B · A. */
export const PUBLISHED_LORA_SCALING = 2;

/**
 * Adds scaling · B · A to `weight` [out, in], in place; a [rank, in], b [out, rank]. Sums in double precision and
 * rounds once.
 */
export function mergeLowRank(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  rank: number,
  scaling: number,
): void {
  const columns = a.length / rank;
  const row = new Float64Array(columns);
  for (let start = 0, i = 0; start < weight.length; start += columns, i += 1) {
    row.fill(0);
    for (let r = 0; r < rank; r += 1) {
      const factor = b[i * rank + r] as number;
      for (let column = 0; column < columns; column += 1)
        row[column] = (row[column] as number) + factor * (a[r * columns + column] as number);
    }
    for (const [column, change] of row.entries())
      weight[start + column] = (weight[start + column] as number) + scaling * change;
  }
}
