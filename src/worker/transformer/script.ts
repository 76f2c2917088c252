// What a text-to-speech model is to say, word by word (spec §5.9). Pure; runs anywhere.

import { FRAME_RATE } from "../../shared/frame.ts";

/** One word, or a pause when it has no tokens. */
export interface ScriptEntry {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Steps after its beginning in which no other entry may begin, beyond those its tokens take. */
  readonly padding: number;
}

export interface ScriptOptions {
  /** Tokenises one word. */
  readonly encode: (word: string) => readonly number[];
  /** The model knows two speakers, who take turns. */
  readonly speakers: boolean;
  /** Steps to force between words; 1 makes speech more distinct. The default is 0. */
  readonly paddingBetween?: number;
}

/** Announce a turn of the main speaker, and of the other. */
const SPEAKER_TOKENS = [1, 2] as const;
/** White space, or a pause, whose seconds are captured. */
const BOUNDARY = /<break\s+time="(\d+(?:\.\d*)?)s"\s*\/?>|\s+/g;

/** @param turns what is said in turn, beginning with the main speaker; an empty first turn lets the other begin */
export function readScript(
  turns: readonly string[],
  { encode, speakers, paddingBetween = 0 }: ScriptOptions,
): ScriptEntry[] {
  const entries: ScriptEntry[] = [];
  let speaking: number | null = null;
  for (const [turn, line] of turns.entries()) {
    const speaker: number = SPEAKER_TOKENS[turn % 2] ?? SPEAKER_TOKENS[0];
    const say = (word: string) => {
      const announced = speakers && speaking !== speaker;
      if (announced) speaking = speaker;
      const tokens = [...(announced ? [speaker] : []), ...encode(word)];
      const padding = paddingBetween > 0 ? Math.max(0, paddingBetween + tokens.length - 1) : 0;
      entries.push({ text: word, tokens, padding });
    };
    const clean = line.replaceAll("\u2019", "'").replaceAll(":", " ").replaceAll(/[()]/g, "");
    let from = 0;
    for (const match of clean.matchAll(BOUNDARY)) {
      if (match.index > from) say(clean.slice(from, match.index));
      from = match.index + match[0].length;
      const [, seconds] = match;
      if (seconds !== undefined) {
        const padding = roundHalfEven(Number(seconds) * FRAME_RATE);
        entries.push({ text: "", tokens: [], padding });
      }
    }
    if (from < clean.length) say(clean.slice(from));
  }
  return entries;
}

/** Rounds as the reference's language does: 12.5 to 12. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(value);
}
