// Mimi as two graphs of one frame each (spec §1, §2): what the codec computes, readable from top to bottom. Everything
// that a stream remembers is a state of the graph.
// Nodes on WebGPU, with 8 codebooks: encoder 97, decoder 62; a transformer adds 4 and 21 a layer. On WASM there are 73
// more in each, where operators are composed of faster ones.

import { FRAME_SAMPLES } from "../../shared/frame.ts";
import type { BuiltGraph, Lowering } from "../graph/index.ts";
import { Graph } from "../graph/index.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import { codecTransformer } from "./codec-transformer.ts";
import type { MimiConfig } from "./mimi-config.ts";
import { dequantize, quantize } from "./quantizer.ts";
import { seanetDecoder, seanetEncoder } from "./seanet.ts";
import type { Site } from "./streaming.ts";
import { streamingDownsample, streamingUpsample } from "./streaming.ts";

/**
 * pcm [1, 1, 1920] → `codes` int32 [codebooks] and `latent` [1, dimension, 1]. Other inputs: `first` [1], 1 in the first
 * frame of a stream, else 0; and those of CodecPositions when the codec has a transformer.
 * `codebooks` may be fewer than the checkpoint has: the first ones are used.
 */
export function buildMimiEncoder(
  config: MimiConfig,
  weights: Checkpoint,
  codebooks: number,
  lowering: Lowering,
): BuiltGraph {
  const graph = new Graph("mimi-encoder", lowering);
  const site: Site = { graph, weights };
  const pcm = graph.input("pcm", "float32", [1, 1, FRAME_SAMPLES]);
  const first = graph.input("first", "float32", [1]);

  let x = seanetEncoder(site, pcm, config);
  x = codecTransformer(site, "encoder", x, config);
  const latent = streamingDownsample(site, x, config.dimension, config.positions, first);

  graph.output("codes", quantize(site, latent, codebooks, config));
  graph.output("latent", latent);
  return graph.build();
}

/**
 * rows int32 [codebooks] (see `codeRows`) → `pcm` [1, 1, 1920]. Other inputs: those of CodecPositions when the codec has
 * a transformer.
 */
export function buildMimiDecoder(
  config: MimiConfig,
  weights: Checkpoint,
  codebooks: number,
  lowering: Lowering,
): BuiltGraph {
  const graph = new Graph("mimi-decoder", lowering);
  const site: Site = { graph, weights };
  const rows = graph.input("rows", "int32", [codebooks]);

  const latent = dequantize(site, rows, codebooks, config);
  let x = streamingUpsample(site, latent, config.dimension, config.positions);
  x = codecTransformer(site, "decoder", x, config);
  graph.output("pcm", seanetDecoder(site, x, config));
  return graph.build();
}
