// ScatterND on the host: writes rows into a state that the session keeps. Pure.

import type { TensorData } from "../graph/index.ts";
import { sizeOf } from "../graph/index.ts";

/**
 * Writes `updates` into `target`, of shape `shape`, at `indices`: tuples of positions on the first `depth` axes, as many
 * as `updates` has slices of the other axes. Later tuples win.
 */
export function scatter(
  target: TensorData,
  shape: readonly number[],
  indices: BigInt64Array,
  depth: number,
  updates: TensorData,
): void {
  const slice = sizeOf(shape.slice(depth));
  const from = bytesOf(updates);
  const into = bytesOf(target);
  const sliceBytes = slice * target.BYTES_PER_ELEMENT;
  for (let row = 0; row * slice < updates.length; row += 1) {
    let position = 0;
    for (let axis = 0; axis < depth; axis += 1)
      position = position * (shape[axis] as number) + Number(indices[row * depth + axis]);
    const rowBytes = from.subarray(row * sliceBytes, (row + 1) * sliceBytes);
    into.set(rowBytes, position * sliceBytes);
  }
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
