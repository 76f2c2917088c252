// Weights stored as a direction and one number a row: PyTorch's int8 in the manner of bitsandbytes (spec §6.4), and
// weight norm (spec §2). Pure; runs anywhere.

/** int8 rows: w = q · scale / 127, one scale a row. Rounds once, to float32. */
export function fromInt8Rows(bytes: Uint8Array, scales: Float32Array): Float32Array<ArrayBuffer> {
  const columns = bytes.length / scales.length;
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < values.length; i += 1) {
    const q = ((bytes[i] as number) << 24) >> 24;
    values[i] = (q * (scales[Math.floor(i / columns)] as number)) / 127;
  }
  return values;
}

/** Weight norm: every row of `direction` [rows, …] scaled to the length that `magnitude` [rows, 1…] says. */
export function foldWeightNorm(
  magnitude: Float32Array,
  direction: Float32Array,
): Float32Array<ArrayBuffer> {
  const columns = direction.length / magnitude.length;
  const values = new Float32Array(direction.length);
  for (const [row, length] of magnitude.entries()) {
    const start = row * columns;
    const along = direction.subarray(start, start + columns);
    let squares = 0;
    for (const value of along) squares += value * value;
    const scale = length / Math.sqrt(squares);
    for (const [i, value] of along.entries()) values[start + i] = value * scale;
  }
  return values;
}
