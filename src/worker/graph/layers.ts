// Layers: what model files are made of beyond single operators. Each takes tensors and returns tensors.

import { concatShape, sameShape, ShapeError, shapeText } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Tensors joined along `axis`. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (!first) throw new ShapeError("nothing to concatenate");
  if (tensors.length === 1) return first;
  const shape = concatShape(
    tensors.map((tensor) => tensor.shape),
    axis,
  );
  return first.graph.op("Concat", tensors, { axis }, { dtype: first.dtype, shape });
}

/** x·scale / sqrt(mean(x²) + epsilon) along the last axis; `scale` [width] (spec §3.1, "rms_norm_f32"). */
export function rmsNorm(x: Tensor, scale: Tensor, epsilon: number): Tensor {
  checkWidth("rmsNorm", x, scale);
  // The contributed form exists on both back ends at every operator set; ONNX's RMSNormalization only from 23.
  return x.graph.op(
    "SimplifiedLayerNormalization",
    [x, scale],
    { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    { dtype: x.dtype, shape: x.shape },
  );
}

/** (x - mean) / sqrt(variance + epsilon)·scale + bias along the last axis. */
export function layerNorm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: number): Tensor {
  checkWidth("layerNorm", x, scale);
  checkWidth("layerNorm", x, bias);
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  return x.graph.op("LayerNormalization", [x, scale, bias], attributes, {
    dtype: x.dtype,
    shape: x.shape,
  });
}

/** Valid 1-D convolution: x [1, in, length], weight [out, in/groups, kernel] → [1, out, (length-kernel)/stride+1]. */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride = 1, groups = 1 } = {},
): Tensor {
  const kernel = weight.dim(2);
  if (x.rank !== 3 || x.dim(1) !== weight.dim(1) * groups || x.dim(2) < kernel)
    throw new ShapeError(`conv1d: ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`);
  const shape = [x.dim(0), weight.dim(0), Math.floor((x.dim(2) - kernel) / stride) + 1];
  const attributes = { kernel_shape: [kernel], strides: [stride], group: groups };
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return x.graph.op("Conv", inputs, attributes, { dtype: x.dtype, shape });
}

/** Full 1-D transposed convolution: x [1, in, length], weight [in, out/groups, kernel] → [1, out, (length-1)·stride+kernel]. */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride = 1, groups = 1 } = {},
): Tensor {
  const kernel = weight.dim(2);
  if (x.rank !== 3 || x.dim(1) !== weight.dim(0))
    throw new ShapeError(
      `convTranspose1d: ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`,
    );
  const shape = [x.dim(0), weight.dim(1) * groups, (x.dim(2) - 1) * stride + kernel];
  const attributes = { kernel_shape: [kernel], strides: [stride], group: groups };
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return x.graph.op("ConvTranspose", inputs, attributes, { dtype: x.dtype, shape });
}

/**
 * Rotates pairs of x [1, heads, positions, headDim] by given angles (spec §1.3). `cos` and `sin` [positions, headDim/2]
 * belong to the rows in order. `interleaved` pairs (2i, 2i+1), otherwise (i, i+headDim/2).
 */
export function rotary(
  x: Tensor,
  cos: Tensor,
  sin: Tensor,
  { interleaved }: { interleaved: boolean },
): Tensor {
  const fits =
    x.rank === 4 &&
    x.dim(0) === 1 &&
    [cos, sin].every(({ shape }) => sameShape(shape, [x.dim(2), x.dim(3) / 2]));
  if (!fits)
    throw new ShapeError(`rotary: ${shapeText(x.shape)} with angles ${shapeText(cos.shape)}`);
  const rows = x.graph.constant(
    "int64",
    [1, x.dim(2)],
    BigInt64Array.from({ length: x.dim(2) }, (_, i) => BigInt(i)),
  );
  return x.graph.op(
    "RotaryEmbedding",
    [x, rows, cos, sin],
    { interleaved: interleaved ? 1 : 0 },
    { dtype: x.dtype, shape: x.shape },
    "com.microsoft",
  );
}

/**
 * softmax(q·kᵀ/sqrt(headDim) + bias)·v. `query` [1, positions, heads·headDim]; `key` and `value`
 * [1, heads, keys, headDim]; `bias` [1, 1, positions, keys] or null. → [1, positions, heads·headDim].
 */
export function attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | null): Tensor {
  const heads = key.dim(1);
  const fits =
    query.rank === 3 &&
    key.rank === 4 &&
    sameShape(key.shape, value.shape) &&
    query.dim(2) === heads * key.dim(3) &&
    (!bias || sameShape(bias.shape, [1, 1, query.dim(1), key.dim(2)]));
  if (!fits)
    throw new ShapeError(
      `attend: query ${shapeText(query.shape)}, key ${shapeText(key.shape)}, value ${shapeText(value.shape)}` +
        (bias ? `, bias ${shapeText(bias.shape)}` : ""),
    );
  return query.graph.op(
    "MultiHeadAttention",
    [query, key, value, null, null, bias],
    { num_heads: heads },
    { dtype: query.dtype, shape: query.shape },
    "com.microsoft",
  );
}

function checkWidth(layer: string, x: Tensor, scale: Tensor): void {
  if (scale.rank !== 1 || scale.dim(0) !== x.dim(-1))
    throw new ShapeError(`${layer}: ${shapeText(x.shape)} with scale ${shapeText(scale.shape)}`);
}
