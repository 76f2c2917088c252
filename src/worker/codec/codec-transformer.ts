// Mimi's transformer, in the encoder and in the decoder (spec §1.3), over the positions of one frame with a ring of
// past keys and values (spec §2).

import type { HostTensor, Tensor } from "../graph/index.ts";
import { attend, layerNorm } from "../graph/index.ts";
import type { MimiConfig } from "./mimi-config.ts";
import type { Site } from "./streaming.ts";
import { parameter } from "./streaming.ts";

const NORM_EPSILON = 1e-5;

/** What one frame's positions bring along, from the host (positions.ts). */
export interface PositionInputs {
  /** [positions, headDim/2] */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** [1, heads, positions, 3], where the frame's keys and values go in the rings. */
  readonly slots: Tensor;
  /** [1, 1, positions, context], added to the scores. */
  readonly visible: Tensor;
}

/** x [1, dimension, positions] → the same shape. `side` is "encoder" or "decoder". */
export function codecTransformer(
  site: Site,
  side: "encoder" | "decoder",
  x: Tensor,
  config: MimiConfig,
): Tensor {
  const { layers } = config.transformer;
  if (layers === 0) return x;
  const inputs = positionInputs(site, config);
  let rows = x.reshape(config.dimension, config.positions).transpose(1, 0);
  for (let layer = 0; layer < layers; layer += 1) {
    const name = `${side}_transformer.transformer.layers.${layer}`;
    rows = rows.add(attention(site, name, normed(site, `${name}.norm1`, rows), inputs, config));
    rows = rows.add(feedForward(site, name, normed(site, `${name}.norm2`, rows), config));
  }
  return rows.transpose(1, 0).reshape(...x.shape);
}

function positionInputs({ graph }: Site, config: MimiConfig): PositionInputs {
  const { heads, context } = config.transformer;
  const angles = [config.positions, config.dimension / heads / 2];
  return {
    cos: graph.input("cos", "float32", angles),
    sin: graph.input("sin", "float32", angles),
    slots: graph.input("slots", "int64", [1, heads, config.positions, 3]),
    visible: graph.input("visible", "float32", [1, 1, config.positions, context]),
  };
}

/** ls1 · Wo · attn(x), x [positions, dimension]. */
function attention(
  site: Site,
  name: string,
  x: Tensor,
  inputs: PositionInputs,
  config: MimiConfig,
): Tensor {
  const { graph } = site;
  const { dimension, positions, transformer } = config;
  const { heads, context } = transformer;
  const headDim = dimension / heads;
  const inProjection = parameter(site, `${name}.self_attn.in_proj_weight`, [
    3 * dimension,
    dimension,
  ]);
  const packed = x.linear(inProjection);
  const [queryKey, value] = packed.split(1, [2 * dimension, dimension]);
  const turned = rotated(queryKey.reshape(1, positions, 2 * dimension), inputs);
  const [query, key] = turned.split(2, [dimension, dimension]);

  const ring = (kind: "key" | "value", rows: Tensor): Tensor => {
    const past = graph.state(`${name}.${kind}`, "float32", [1, heads, context, headDim]);
    const byHead = rows.reshape(1, positions, heads, headDim).transpose(0, 2, 1, 3);
    const present = past.scatter(inputs.slots, byHead);
    graph.keep(past, present, { inPlace: true });
    return present;
  };
  const mixed = attend(query, ring("key", key), ring("value", value), inputs.visible);
  const shape = [dimension, dimension] as const;
  const outProjection = scaledRows(
    site,
    `${name}.self_attn.out_proj.weight`,
    shape,
    `${name}.layer_scale_1.scale`,
  );
  return mixed.reshape(positions, dimension).linear(outProjection);
}

/** ls2 · W2 · gelu(W1 · x) */
function feedForward(site: Site, name: string, x: Tensor, config: MimiConfig): Tensor {
  const { dimension, transformer } = config;
  const up = parameter(site, `${name}.linear1.weight`, [transformer.feedForward, dimension]);
  const shape = [dimension, transformer.feedForward] as const;
  const down = scaledRows(site, `${name}.linear2.weight`, shape, `${name}.layer_scale_2.scale`);
  return x.linear(up).gelu().linear(down);
}

function normed(site: Site, name: string, x: Tensor): Tensor {
  const width = [x.dim(1)];
  const scale = parameter(site, `${name}.weight`, width);
  return layerNorm(x, scale, parameter(site, `${name}.bias`, width), NORM_EPSILON);
}

/** Interleaved RoPE over heads side by side: x [1, positions, heads · headDim]. */
function rotated(x: Tensor, { cos, sin }: PositionInputs): Tensor {
  const count = x.dim(1);
  const rows = x.graph.constant(
    "int64",
    [1, count],
    BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
  );
  const output = { dtype: x.dtype, shape: x.shape };
  return x.graph.op(
    "RotaryEmbedding",
    [x, rows, cos, sin],
    { interleaved: 1 },
    output,
    "com.microsoft",
  );
}

/** LayerScale folded into the projection before it: row i of the weight times scale i. Saves a node a projection. */
function scaledRows(
  { graph, weights }: Site,
  name: string,
  [rows, columns]: readonly [number, number],
  scaleName: string,
): Tensor {
  const weight = weights.float(name, [rows, columns]).data;
  const scale = weights.float(scaleName, [rows]).data;
  const data = Float32Array.from(weight, (w, i) => w * (scale[Math.floor(i / columns)] as number));
  const folded: HostTensor<"float32"> = { dtype: "float32", shape: [rows, columns], data };
  return graph.weight(name, folded);
}
