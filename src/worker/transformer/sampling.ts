// The random half of sampling (spec §5.3): the host draws Gumbel noise, the frame graph takes the
// argmax of (logit + noise) over the top k, which draws from softmax(logits / temperature). Pure; worker.

import type { Random } from "./random.ts";

/** Added to a candidate that must not win. Finite, because WGSL does not promise infinities. */
export const EXCLUDED = -1e30;

/** How one stream (text or audio) is sampled. */
export interface SamplingSettings {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** Candidates kept, most likely first. 0, or anything from the vocabulary's size up, keeps all. */
  readonly topK: number;
}

/**
 * Fills `noise` with temperature × Gumbel(0, 1). The graph sorts its candidates, so slot i belongs to the
 * i-th most likely token: slots from `topK` on are excluded. That is how one graph serves any top-k up to
 * its own width and any temperature, 0 included.
 */
export function fillNoise(noise: Float32Array, settings: SamplingSettings, random: Random): void {
  const kept = settings.topK === 0 ? noise.length : Math.min(settings.topK, noise.length);
  for (let i = 0; i < noise.length; i++) {
    // Drawn for every slot, so that the sequence does not depend on the settings.
    const gumbel = -Math.log(-Math.log(random.uniform()));
    noise[i] = i < kept ? settings.temperature * gumbel : EXCLUDED;
  }
}
