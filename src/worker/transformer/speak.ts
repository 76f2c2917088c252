// A text-to-speech model reads a script (spec §5.9): one step a frame, the script's tokens forced into the text row,
// silence forced into the audio rows until the text is far enough ahead. Runs in the worker, and in Node.

import { SottoError } from "../../shared/errors.ts";
import type { SessionSettings } from "../../shared/protocol.ts";
import type { ConditionVectors } from "./conditions.ts";
import { type LmConfig, userCodebooks } from "./config.ts";
import { NOT_FORCED } from "./frame-graph.ts";
import type { MoshiLanguageModel } from "./language-model.ts";
import type { ScriptEntry } from "./script.ts";
import { ScriptReader } from "./script-reader.ts";
import type { TtsConfig } from "./tts-config.ts";

/** Steps to go on after the last word's sound. */
const FINAL_PADDING = 4;
/** The zero vector: nothing is said in this row. */
const ZERO = -1;

/**
 * Speaks `entries` and yields the codes of each frame of sound, to be decoded in order. The first `max(delays)` decoded
 * frames are the codec's start and not meant to be heard.
 * @param model created with `forcing`, and with its voices as conditions
 * @throws SottoError `bad-argument` for settings that the model cannot follow
 */
export async function* speak(
  model: Pick<MoshiLanguageModel, "begin" | "step">,
  config: Pick<LmConfig, "nQ" | "depQ" | "delays" | "textCard">,
  { delaySteps, ahead }: TtsConfig,
  entries: readonly ScriptEntry[],
  settings: SessionSettings,
): AsyncGenerator<Int32Array, void> {
  const script = new ScriptReader(entries, { textCard: config.textCard, ahead });
  const nothingHeard = new Int32Array(userCodebooks(config)).fill(ZERO);
  const maxDelay = Math.max(...config.delays);
  for (let step = 0; ; step++) {
    const { endStep } = script;
    if (endStep !== null && step >= endStep + delaySteps + FINAL_PADDING) return;
    const { onWord, otherwise } = script.choose();
    const forced = Int32Array.from({ length: 1 + config.depQ }, (_, row) => {
      if (row === 0) return otherwise;
      return step < (config.delays[row] ?? 0) + delaySteps ? ZERO : NOT_FORCED;
    });
    const { sampledText, ownCodes } = await (step === 0
      ? model.begin(settings, forced, onWord)
      : model.step(nothingHeard, forced, onWord));
    script.advance(sampledText);
    // Frames before the delay are the silence that was forced.
    if (ownCodes !== null && step - maxDelay >= delaySteps) yield ownCodes;
  }
}

/**
 * Voices as the condition that a text-to-speech model attends to: one after the other, and padding for the speakers
 * that are missing.
 * @param voices each as its file holds it: [1, width, positions]
 */
export function voiceVectors(
  voices: readonly { readonly shape: readonly number[]; readonly data: Float32Array }[],
  maxSpeakers: number,
): ConditionVectors {
  const [, width = 0, positions = 0] = voices[0]?.shape ?? [];
  const fits = voices.every(
    ({ shape, data }) =>
      shape.length === 3 &&
      shape[1] === width &&
      shape[2] === positions &&
      data.length === width * positions,
  );
  if (!fits || voices.length === 0 || voices.length > maxSpeakers) {
    throw new SottoError(
      "bad-argument",
      `This model takes 1 to ${maxSpeakers} voices, all of one shape.`,
      "Choose fewer voices, or voices that were made for this model.",
    );
  }
  const data = new Float32Array(maxSpeakers * positions * width);
  for (const [speaker, voice] of voices.entries()) {
    for (let position = 0; position < positions; position++) {
      const row = (speaker * positions + position) * width;
      for (let i = 0; i < width; i++) data[row + i] = voice.data[i * positions + position] ?? 0;
    }
  }
  const spoken = voices.length * positions;
  return { data, mask: Array.from({ length: maxSpeakers * positions }, (_, i) => i < spoken) };
}
