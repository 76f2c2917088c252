// Forced prompts (spec §5.8): items that are played before a conversation, in the place of what the model would
// sample and of what it would hear. Pure; runs in the worker.

import type { PromptItem } from "../speech-model.ts";
import { NOT_FORCED } from "./frame-graph.ts";
import { PAD } from "./text-tokens.ts";

/** A steady 440 Hz tone of amplitude 0.5, as PersonaPlex's codec writes it: the user, while a prompt is played. */
const SINE = Int32Array.of(430, 1268, 381, 1611, 1095, 1495, 56, 472);
/** Silence, as the same codec writes it. */
const SILENCE = Int32Array.of(948, 243, 1178, 546, 1736, 1030, 1978, 2008);
/** Half a second in whole frames. */
const GAP = 6;

/** The role as PersonaPlex's tokenizer must get it. */
export function roleText(role: string): string {
  return `<system> ${role.trim()} <system>`;
}

/**
 * PersonaPlex's prompt: a voice, a gap, a role, a gap.
 * @param voice codec frames of the voice's clip, of the model's own 8 codebooks each
 * @param role text tokens of `roleText`
 */
export function personaPlexPrompt(
  voice: readonly Int32Array[],
  role: readonly number[],
): readonly PromptItem[] {
  const item = (own: Int32Array, text = PAD): PromptItem => ({ text, own, user: SINE });
  const gap = Array.from({ length: GAP }, () => item(SILENCE));
  return [
    ...voice.map((codes) => item(codes)),
    ...gap,
    ...role.map((token) => item(SILENCE, token)),
    ...gap,
  ];
}

/**
 * What step `step` has to take instead of sampling, so that item i stands at column i + delay of each row: text, then
 * own codebooks; NOT_FORCED past the prompt's end, and where a row still holds its initial token.
 * @param delays of text and own codebooks at least
 */
export function promptedTokens(
  items: readonly PromptItem[],
  delays: readonly number[],
  depQ: number,
  step: number,
): Int32Array {
  return Int32Array.from({ length: 1 + depQ }, (_, row) => {
    // Item 0 falls in initial columns, whatever the delay.
    const index = step + 1 - (delays[row] ?? 0);
    const item = index > 0 ? items[index] : undefined;
    const token = row === 0 ? item?.text : item?.own[row - 1];
    return token ?? NOT_FORCED;
  });
}

/** Whether two prompts are the same, item by item. */
export function samePrompt(a: readonly PromptItem[], b: readonly PromptItem[]): boolean {
  const same = (x: Int32Array, y: Int32Array | undefined) =>
    x.length === y?.length && x.every((code, i) => code === y[i]);
  return (
    a.length === b.length &&
    a.every(({ text, own, user }, i) => {
      const other = b[i];
      return text === other?.text && same(own, other.own) && same(user, other.user);
    })
  );
}
