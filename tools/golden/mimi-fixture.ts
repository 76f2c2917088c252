// Runs a codec fixture: streams the PCM through the encoder, and the reference's codes through the decoder.

import { MimiDecoder } from "../../src/worker/codec/decode.ts";
import { MimiEncoder } from "../../src/worker/codec/encode.ts";
import { parseMimiConfig } from "../../src/worker/codec/mimi-config.ts";
import { FRAME_SAMPLES } from "../../src/shared/frame.ts";
import type { Runtime } from "../../src/worker/runtime/session.ts";
import type { Fixture, FixtureReport } from "./fixture.ts";
import { judge, LargestError, MismatchCount } from "./fixture.ts";

const LATENT_BOUND = 1e-4;
const PCM_BOUND = 1e-3;

/** The streamed traces are the truth: batch evaluation differs once the ring has wrapped (spec §2). */
export async function runMimiFixture(runtime: Runtime, fixture: Fixture): Promise<FixtureReport> {
  const { name, trace, weights } = fixture;
  const config = parseMimiConfig(fixture.config);
  const codes = trace.int("codes_stream", [1, null, null]);
  const [, codebooks, frames] = codes.shape as [number, number, number];
  const samples = frames * FRAME_SAMPLES;
  const pcm = trace.float("pcm", [1, 1, samples]).data;
  const latent = trace.float("latent_stream", [1, config.dimension, frames]).data;
  const decoded = trace.float("pcm_stream_from_codes_stream", [1, 1, samples]).data;

  const encoder = await MimiEncoder.create(runtime, config, weights, codebooks);
  const decoder = await MimiDecoder.create(runtime, config, weights, codebooks);
  const latentError = new LargestError();
  const pcmError = new LargestError();
  const codeMismatch = new MismatchCount();
  for (let frame = 0; frame < frames; frame += 1) {
    const span = [frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES] as const;
    const column = Int32Array.from(
      { length: codebooks },
      (_, k) => codes.data[k * frames + frame] ?? -1,
    );
    const encoded = await encoder.encodeFrame(pcm.slice(...span));
    latentError.compare(
      encoded.latent,
      Float32Array.from({ length: config.dimension }, (_, i) => latent[i * frames + frame] ?? NaN),
    );
    codeMismatch.compare(encoded.codes, column);
    pcmError.compare(await decoder.decode(column), decoded.subarray(...span));
  }
  await encoder.dispose();
  await decoder.dispose();
  return judge(
    name,
    [
      { what: "latent", largest: latentError.largest, allowed: LATENT_BOUND },
      { what: "PCM", largest: pcmError.largest, allowed: PCM_BOUND },
    ],
    [{ what: "codes", differing: codeMismatch.differing, of: codeMismatch.of }],
  );
}
