// The streaming encoder: microphone frames in, codes out. Runs in the worker or in Node.

import { SottoError } from "../../shared/errors.ts";
import { FRAME_SAMPLES } from "../../shared/frame.ts";
import type { GraphSession, Runtime } from "../runtime/session.ts";
import type { Encoder } from "../speech-model.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import type { MimiConfig } from "./mimi-config.ts";
import { buildMimiEncoder } from "./mimi-graph.ts";
import { CodecPositions } from "./positions.ts";

/** Codes of one frame and the latent that they quantise. */
export interface EncodedFrame {
  readonly codes: Int32Array;
  /** [dimension], before quantisation. */
  readonly latent: Float32Array;
}

/** Mimi's encoder. Owns its session. */
export class MimiEncoder implements Encoder {
  readonly #session: GraphSession;
  readonly #positions: CodecPositions | null;
  #first = true;

  private constructor(session: GraphSession, config: MimiConfig) {
    this.#session = session;
    this.#positions = config.transformer.layers > 0 ? new CodecPositions(config) : null;
  }

  /** Compiles the encoder. `codebooks`: how many codes a frame it yields, at most the checkpoint's. */
  static async create(
    runtime: Runtime,
    config: MimiConfig,
    weights: Checkpoint,
    codebooks: number,
  ): Promise<MimiEncoder> {
    const graph = buildMimiEncoder(config, weights, codebooks, runtime.backend);
    return new MimiEncoder(await runtime.createSession(graph), config);
  }

  async encode(pcm: Float32Array): Promise<Int32Array> {
    return (await this.encodeFrame(pcm)).codes;
  }

  /** As `encode`, with the latent, for comparison with traces of the reference. */
  async encodeFrame(pcm: Float32Array): Promise<EncodedFrame> {
    if (pcm.length !== FRAME_SAMPLES)
      throw new SottoError(
        "bad-argument",
        `A frame has ${FRAME_SAMPLES} samples, not ${pcm.length}.`,
        "This is a mistake in the program; please report it.",
      );
    const first = Float32Array.of(this.#first ? 1 : 0);
    const { codes, latent } = await this.#session.run({
      pcm,
      first,
      ...this.#positions?.advance(),
    });
    this.#first = false;
    return { codes: codes as Int32Array, latent: latent as Float32Array };
  }

  async reset(): Promise<void> {
    this.#first = true;
    this.#positions?.reset();
    await this.#session.reset();
  }

  async dispose(): Promise<void> {
    await this.#session.dispose();
  }
}
