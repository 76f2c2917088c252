// What a language model costs a frame, from the shapes of its tensors: weights that are read, their bytes, and the
// memory bandwidth that they need at 12.5 frames a second (spec §7.2). Pure; runs anywhere.

import { FRAME_SAMPLES, SAMPLE_RATE } from "../../shared/frame.ts";
import type { LmConfig } from "../transformer/config.ts";

/** Weights read for one frame. Rows of embedding tables are look-ups and do not count. */
export interface FrameWeights {
  readonly temporal: number;
  readonly textHead: number;
  /** All sub-steps; a weight set that several share is read for each. */
  readonly depth: number;
}

/** Steps a second. */
const FRAME_RATE = SAMPLE_RATE / FRAME_SAMPLES;

/** Bits of a weight with its share of scales and offsets, as spec §7.2 counts them. */
export const WEIGHT_BITS = {
  "16 bits": 16,
  "8 bits": 8.5,
  "4 bits, MLX": 5,
  "4 bits": 4.5,
} as const;

/**
 * @param shapeOf shape of a tensor by its canonical name; null when there is none
 * @param subSteps how many sub-steps of the depth transformer run, at most `config.depth.subSteps`
 */
export function frameWeights(
  config: LmConfig,
  shapeOf: (name: string) => readonly number[] | null,
  subSteps: number,
): FrameWeights {
  const count = (name: string): number =>
    shapeOf(name)?.reduce((product, size) => product * size, 1) ?? 0;
  let temporal = 0;
  for (let layer = 0; layer < config.layers; layer += 1) {
    const at = `transformer.layers.${layer}`;
    temporal += count(`${at}.self_attn.in_proj_weight`) + count(`${at}.self_attn.out_proj.weight`);
    temporal += count(`${at}.gating.linear_in.weight`) + count(`${at}.gating.linear_out.weight`);
    // Keys and values of what is attended to across are computed once a session.
    temporal += count(`${at}.cross_attention.in_proj_weight`) / 3;
    temporal += count(`${at}.cross_attention.out_proj.weight`);
  }
  let depth = 0;
  for (const [k, set] of config.depth?.schedule.slice(0, subSteps).entries() ?? []) {
    depth += count(`depformer_in.${set}.weight`) + count(`linears.${k}.weight`);
    for (let layer = 0; layer < (config.depth?.layers ?? 0); layer += 1) {
      const at = `depformer.layers.${layer}`;
      const fused =
        count(`${at}.self_attn.in_proj_weight`) + count(`${at}.self_attn.out_proj.weight`);
      depth += fused / (config.depth?.sets ?? 1);
      depth += count(`${at}.gating.${set}.linear_in.weight`);
      depth += count(`${at}.gating.${set}.linear_out.weight`);
    }
  }
  return { temporal, textHead: count("text_linear.weight"), depth };
}

/** Bytes that a frame reads at so many bits a weight. */
export function frameBytes({ temporal, textHead, depth }: FrameWeights, bits: number): number {
  return ((temporal + textHead + depth) * bits) / 8;
}

/** Bytes a second that reading `bytes` for every frame takes. */
export function bandwidth(bytes: number): number {
  return bytes * FRAME_RATE;
}

/** Keys and values in 16-bit floats: bytes that a step adds, and bytes of a full context. */
export function cacheBytes({ layers, dim, kvRepeat, context }: LmConfig): {
  readonly step: number;
  readonly full: number;
} {
  const step = (2 * 2 * layers * dim) / kvRepeat;
  return { step, full: step * context };
}

/** Sub-steps that run: PersonaPlex's file holds twice as many, which nothing depends on (spec §5.8). */
export function neededSubSteps({ depQ }: LmConfig): number {
  return depQ;
}
