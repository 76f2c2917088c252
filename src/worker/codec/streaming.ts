// Convolutions that remember: each keeps the columns of the past that its kernel still reaches (spec §2). They add
// themselves, with their weights and states, to the graph of one frame.

import type { Graph, Tensor } from "../graph/index.ts";
import { concat, conv1d } from "../graph/index.ts";
import { convAsProduct, convTransposeAsProduct, isFew } from "./few-columns.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";

/** Where a layer is built: the graph it joins and the checkpoint its weights come from. */
export interface Site {
  readonly graph: Graph;
  readonly weights: Checkpoint;
}

export interface ConvShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
}

/** Causal convolution [1, inputs, n] → [1, outputs, n / stride], zeros before the stream begins. */
export function streamingConv(site: Site, name: string, x: Tensor, shape: ConvShape): Tensor {
  const { inputs, outputs, kernel, stride = 1 } = shape;
  const weight = parameter(site, `${name}.conv.conv.weight`, [outputs, inputs, kernel]);
  const bias = parameter(site, `${name}.conv.conv.bias`, [outputs]);
  const extended = withPast(site.graph, name, x, kernel - stride);
  return isFew(x, x.dim(2) / stride)
    ? convAsProduct(extended, weight, bias, stride)
    : conv1d(extended, weight, bias, { stride });
}

/**
 * Causal transposed convolution [1, inputs, n] → [1, outputs, n · stride]. Instead of carrying a partial sum of outputs
 * as the reference does, the past *inputs* that still reach into this frame are convolved again: the same sums, the
 * bias added once by itself, and a third of the nodes.
 */
export function streamingConvTranspose(
  site: Site,
  name: string,
  x: Tensor,
  { inputs, outputs, kernel, stride = 1 }: ConvShape,
): Tensor {
  const weight = parameter(site, `${name}.convtr.convtr.weight`, [inputs, outputs, kernel]);
  const bias = parameter(site, `${name}.convtr.convtr.bias`, [outputs]);
  if (isFew(x, x.dim(2)) && kernel === 2 * stride)
    return convTransposeAsProduct(withPast(site.graph, name, x, 1), weight, bias);
  return transposedWithPast(site.graph, name, x, weight, bias, stride, 1);
}

/** The step from latent to SEANet's rate: depthwise, without bias (spec §1, "upsample"). */
export function streamingUpsample(site: Site, x: Tensor, channels: number, stride: number): Tensor {
  const name = "upsample.convtr";
  const weight = parameter(site, `${name}.convtr.convtr.weight`, [channels, 1, 2 * stride]);
  return transposedWithPast(site.graph, name, x, weight, null, stride, channels);
}

/**
 * The step from SEANet's rate to the latent's: before the stream begins it sees the first column (spec §2, "replicate").
 * `first` [1] is 1 in the first frame of a stream and 0 afterwards; the state is zero exactly while it is 1.
 */
export function streamingDownsample(
  site: Site,
  x: Tensor,
  channels: number,
  stride: number,
  first: Tensor,
): Tensor {
  const name = "downsample.conv";
  const kernel = 2 * stride;
  const weight = parameter(site, `${name}.conv.conv.weight`, [channels, channels, kernel]);
  const state = site.graph.state(name, x.dtype, [1, channels, kernel - stride]);
  const padding = x.slice(2, 0, 1).mul(first);
  const extended = concat([state.add(padding), x], 2);
  keepTail(site.graph, state, extended);
  return isFew(x, x.dim(2) / stride)
    ? convAsProduct(extended, weight, null, stride)
    : conv1d(extended, weight, null, { stride });
}

/** A weight of the checkpoint in the graph. Throws SottoError `model-shape-mismatch`. */
export function parameter(
  { graph, weights }: Site,
  name: string,
  shape: readonly number[],
): Tensor {
  return graph.weight(name, weights.float(name, shape));
}

function transposedWithPast(
  graph: Graph,
  name: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: number,
  groups: number,
): Tensor {
  const kernel = weight.dim(2);
  const past = Math.ceil(kernel / stride) - 1;
  const cut = [past * stride, kernel - stride];
  const shape = [1, weight.dim(1) * groups, x.dim(2) * stride];
  const attributes = { kernel_shape: [kernel], strides: [stride], group: groups, pads: cut };
  const extended = withPast(graph, name, x, past);
  const inputs = bias ? [extended, weight, bias] : [extended, weight];
  return graph.op("ConvTranspose", inputs, attributes, { dtype: x.dtype, shape });
}

/** `columns` of the past before x, and the state that remembers them. */
function withPast(graph: Graph, name: string, x: Tensor, columns: number): Tensor {
  if (columns === 0) return x;
  const state = graph.state(name, x.dtype, [1, x.dim(1), columns]);
  const extended = concat([state, x], 2);
  keepTail(graph, state, extended);
  return extended;
}

function keepTail(graph: Graph, state: Tensor, extended: Tensor): void {
  const end = extended.dim(2);
  graph.keep(state, extended.slice(2, end - state.dim(2), end));
}
