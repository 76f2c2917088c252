// Text tokens that every published vocabulary gives the same meaning (spec §5.4).

/** Announces a word; ends the padding before it. */
export const WORD = 0;
/** The model has nothing more to say. */
export const END = 2;
/** Nothing, while sound goes on. */
export const PAD = 3;
