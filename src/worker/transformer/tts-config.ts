// What config.json says about text-to-speech beyond the network (spec §5.9, §6.5). Pure; runs anywhere.

import { FRAME_RATE } from "../../shared/frame.ts";
import { malformed, reader, unsupported } from "./config-reader.ts";

export interface TtsConfig {
  /** Steps by which sound comes after its text, on top of each codebook's own delay. */
  readonly delaySteps: number;
  /** Words by which the second text stream is ahead; 0: the model has none. */
  readonly ahead: number;
  /** Voices that the model attends to at once. */
  readonly maxSpeakers: number;
}

const LIMITS = { seconds: 60, ahead: 16, speakers: 64 };

/**
 * @param json the parsed config.json of a text-to-speech model
 * @throws SottoError `model-file-malformed`, `model-unsupported`
 */
export function parseTtsConfig(json: unknown): TtsConfig {
  const tts = reader(json, "").object("tts_config");
  if (tts.flag("multistream", false)) throw unsupported(`"tts_config.multistream"`);
  const delay = tts.positive("audio_delay");
  if (delay > LIMITS.seconds)
    throw malformed("tts_config.audio_delay", `at most ${LIMITS.seconds} seconds`, delay);
  return {
    delaySteps: Math.floor(delay * FRAME_RATE),
    ahead: tts.integer("second_stream_ahead", 0, LIMITS.ahead, 0),
    maxSpeakers: tts.integer("max_speakers", 1, LIMITS.speakers, 5),
  };
}
