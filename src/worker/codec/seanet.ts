// SEANet, the convolutional part of Mimi (spec §1.1, §1.2), one frame at a time.

import type { Tensor } from "../graph/index.ts";
import type { MimiConfig } from "./mimi-config.ts";
import type { Site } from "./streaming.ts";
import { streamingConv, streamingConvTranspose } from "./streaming.ts";

/** Waveform [1, 1, 1920] → [1, dimension, positions]. Each level: residual block, then ELU and a strided convolution. */
export function seanetEncoder(site: Site, pcm: Tensor, config: MimiConfig): Tensor {
  const layer = (index: number): string => `encoder.model.${index}`;
  let channels = config.filters;
  let x = streamingConv(site, layer(0), pcm, {
    inputs: 1,
    outputs: channels,
    kernel: config.firstKernel,
  });
  let index = 1;
  for (const stride of config.ratios.toReversed()) {
    x = residual(site, layer(index), x, channels, config);
    x = streamingConv(site, layer(index + 2), x.elu(), {
      inputs: channels,
      outputs: 2 * channels,
      kernel: 2 * stride,
      stride,
    });
    channels *= 2;
    index += 3;
  }
  return streamingConv(site, layer(index + 1), x.elu(), {
    inputs: channels,
    outputs: config.dimension,
    kernel: config.lastKernel,
  });
}

/** [1, dimension, positions] → waveform [1, 1, 1920]. Each level: ELU and a transposed convolution, then the block. */
export function seanetDecoder(site: Site, latent: Tensor, config: MimiConfig): Tensor {
  const layer = (index: number): string => `decoder.model.${index}`;
  let channels = config.filters * 2 ** config.ratios.length;
  let x = streamingConv(site, layer(0), latent, {
    inputs: config.dimension,
    outputs: channels,
    kernel: config.firstKernel,
  });
  let index = 2;
  for (const stride of config.ratios) {
    x = streamingConvTranspose(site, layer(index), x.elu(), {
      inputs: channels,
      outputs: channels / 2,
      kernel: 2 * stride,
      stride,
    });
    channels /= 2;
    x = residual(site, layer(index + 1), x, channels, config);
    index += 3;
  }
  return streamingConv(site, layer(index), x.elu(), {
    inputs: channels,
    outputs: 1,
    kernel: config.lastKernel,
  });
}

/** x + conv1(elu(conv3(elu(x)))), the inner width `compress` times smaller. */
function residual(
  site: Site,
  name: string,
  x: Tensor,
  channels: number,
  { compress, residualKernel }: MimiConfig,
): Tensor {
  const hidden = Math.floor(channels / compress);
  const inner = streamingConv(site, `${name}.block.1`, x.elu(), {
    inputs: channels,
    outputs: hidden,
    kernel: residualKernel,
  });
  const outer = { inputs: hidden, outputs: channels, kernel: 1 };
  return x.add(streamingConv(site, `${name}.block.3`, inner.elu(), outer));
}
