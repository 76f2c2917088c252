// The streaming decoder: own codes in, speaker frames out. Runs in the worker or in Node.

import { SottoError } from "../../shared/errors.ts";
import type { GraphSession, Runtime } from "../runtime/session.ts";
import type { Decoder } from "../speech-model.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import type { MimiConfig } from "./mimi-config.ts";
import { buildMimiDecoder } from "./mimi-graph.ts";
import { CodecPositions } from "./positions.ts";
import { codeRows } from "./quantizer.ts";

/** Mimi's decoder. Owns its session. */
export class MimiDecoder implements Decoder {
  readonly #session: GraphSession;
  readonly #positions: CodecPositions | null;
  readonly #codebooks: number;
  readonly #bins: number;

  private constructor(session: GraphSession, config: MimiConfig, codebooks: number) {
    this.#session = session;
    this.#positions = config.transformer.layers > 0 ? new CodecPositions(config) : null;
    this.#codebooks = codebooks;
    this.#bins = config.bins;
  }

  /** Compiles the decoder. `codebooks`: how many codes a frame it takes, at most the checkpoint's. */
  static async create(
    runtime: Runtime,
    config: MimiConfig,
    weights: Checkpoint,
    codebooks: number,
  ): Promise<MimiDecoder> {
    const graph = buildMimiDecoder(config, weights, codebooks, runtime.backend);
    return new MimiDecoder(await runtime.createSession(graph), config, codebooks);
  }

  async decode(codes: Int32Array): Promise<Float32Array<ArrayBuffer>> {
    const valid =
      codes.length === this.#codebooks && codes.every((code) => code >= 0 && code < this.#bins);
    if (!valid)
      throw new SottoError(
        "bad-argument",
        `A frame has ${this.#codebooks} codes below ${this.#bins}, not [${codes.join(", ")}].`,
        "This is a mistake in the program; please report it.",
      );
    const rows = codeRows(codes, this.#bins);
    const { pcm } = await this.#session.run({ rows, ...this.#positions?.advance() });
    return pcm as Float32Array<ArrayBuffer>;
  }

  async reset(): Promise<void> {
    this.#positions?.reset();
    await this.#session.reset();
  }

  async dispose(): Promise<void> {
    await this.#session.dispose();
  }
}
