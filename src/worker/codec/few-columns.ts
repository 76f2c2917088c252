// Convolutions over so few columns that they are better said as one matrix product, on WASM. ONNX Runtime's CPU kernels
// vectorise along the columns: with the 2 of Mimi's deepest levels most lanes idle, and those levels hold most weights.
// Reordered weights cost nothing: they are constants, which the runtime folds when the session is created.

import type { Tensor } from "../graph/index.ts";
import { concat } from "../graph/index.ts";

/** Up to this many output columns the product is faster (measured at 2 and 16 columns). */
const FEW = 4;

/** Whether a convolution that yields `columns` columns should be said as a product. */
export function isFew({ graph }: Tensor, columns: number): boolean {
  return graph.lowering === "wasm" && columns <= FEW;
}

/** The same as conv1d: x [1, in, n], weight [out, in, kernel] → [1, out, (n - kernel) / stride + 1]. */
export function convAsProduct(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: number,
): Tensor {
  const [outputs, inputs, kernel] = weight.shape as [number, number, number];
  const columns = Math.floor((x.dim(2) - kernel) / stride) + 1;
  const windows = Array.from({ length: columns }, (_, t) =>
    x.slice(2, t * stride, t * stride + kernel).reshape(1, inputs * kernel),
  );
  const product = concat(windows, 0).linear(
    weight.reshape(outputs, inputs * kernel),
    bias ?? undefined,
  );
  return product.transpose(1, 0).reshape(1, outputs, columns);
}

/**
 * The same as a transposed convolution of kernel 2·stride, of which the first and last `stride` samples are cut:
 * x [1, in, n + 1], weight [in, out, 2·stride] → [1, out, n·stride]. Sample t·stride + j is
 * W[:, :, j]·x[t + 1] + W[:, :, stride + j]·x[t].
 */
export function convTransposeAsProduct(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [inputs, outputs, kernel] = weight.shape as [number, number, number];
  const stride = kernel / 2;
  const columns = x.dim(2) - 1;
  const rows = x.reshape(inputs, columns + 1).transpose(1, 0);
  const pairs = concat([rows.slice(0, 1, columns + 1), rows.slice(0, 0, columns)], 1);
  const taps = weight.reshape(inputs, outputs, 2, stride).transpose(2, 0, 1, 3);
  const samples = pairs.matmul(taps.reshape(2 * inputs, outputs * stride));
  return samples
    .reshape(columns, outputs, stride)
    .transpose(1, 0, 2)
    .reshape(1, outputs, columns * stride)
    .add(bias.reshape(1, outputs, 1));
}
