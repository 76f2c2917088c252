import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { PromptItem } from "../speech-model.ts";
import { NOT_FORCED } from "./frame-graph.ts";
import { personaPlexPrompt, promptedTokens, roleText } from "./prompt.ts";
import { Scheduler } from "./scheduler.ts";

describe("personaPlexPrompt", () => {
  it("is voice, half a second, role, half a second", () => {
    const voice = [Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), Int32Array.of(9, 8, 7, 6, 5, 4, 3, 2)];
    const items = personaPlexPrompt(voice, [700, 701, 702]);
    const pads = Array<number>(8).fill(3);
    expect(items.map(({ text }) => text)).toEqual([...pads, 700, 701, 702, ...pads.slice(2)]);
    expect(items.slice(0, 2).map(({ own }) => own)).toEqual(voice);
    expect(new Set(items.slice(2).map(({ own }) => own[0]))).toEqual(new Set([948]));
    expect(new Set(items.map(({ user }) => user[0]))).toEqual(new Set([430]));
  });

  it("wraps a role as the model was trained with it", () => {
    expect(roleText(" You are kind. ")).toBe("<system> You are kind. <system>");
  });
});

/** Any model with own codebooks, any delays of at least 0, any prompt of at least one item. */
const prompts = fc
  .record({
    depQ: fc.integer({ min: 1, max: 4 }),
    users: fc.integer({ min: 0, max: 4 }),
    count: fc.integer({ min: 1, max: 12 }),
  })
  .chain(({ depQ, users, count }) =>
    fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: depQ + users, maxLength: depQ + users })
      .map((delays) => ({ depQ, users, count, delays: [0, ...delays] })),
  );

/** The token of item i in a row: unique in the whole prompt. */
const tokenOf = (row: number, item: number) => 1000 * (item + 1) + row;
const INITIAL_TEXT = 1_000_000;
const INITIAL_AUDIO = 2_000_000;
const SAMPLED = 3_000_000;

describe("a prompt", () => {
  test.prop([prompts])(
    "of M items fills columns 0 to M − 1 as the spec says, and what its delays reach of later ones",
    ({ depQ, users, count, delays }) => {
      const rows = 1 + depQ + users;
      const items = Array.from({ length: count }, (_, i): PromptItem => ({
        text: tokenOf(0, i),
        own: Int32Array.from({ length: depQ }, (_unused, k) => tokenOf(1 + k, i)),
        user: Int32Array.from({ length: users }, (_unused, q) => tokenOf(1 + depQ + q, i)),
      }));
      const nQ = depQ + users;
      const scheduler = new Scheduler({
        nQ,
        depQ,
        delays,
        textCard: INITIAL_TEXT,
        card: INITIAL_AUDIO,
      });
      const expectedAt = (row: number, column: number): number => {
        const item = column - (delays[row] ?? 0);
        if (item <= 0) return row === 0 ? INITIAL_TEXT : INITIAL_AUDIO;
        return item < count ? tokenOf(row, item) : SAMPLED;
      };
      const column = new Int32Array(rows);
      const last = count + Math.max(...delays);
      for (let step = 0; step < last; step++) {
        // Past the prompt, the user says what is "sampled", so that every row can be told by one rule.
        if (step > 0) scheduler.placeUser(items[step]?.user ?? new Int32Array(users).fill(SAMPLED));
        scheduler.column(column);
        expect([...column]).toEqual(Array.from(column, (_, row) => expectedAt(row, step)));
        const forced = promptedTokens(items, delays, depQ, step);
        scheduler.complete(forced.map((token) => (token === NOT_FORCED ? SAMPLED : token)));
      }
    },
  );

  test.prop([prompts])("forces nothing once it is over", ({ depQ, count, delays }) => {
    const item = { text: 1, own: new Int32Array(depQ), user: new Int32Array() };
    const items = Array.from({ length: count }, (): PromptItem => item);
    const own = delays.slice(0, 1 + depQ);
    const after = promptedTokens(items, own, depQ, count - 1 + Math.max(...own));
    expect(after).toEqual(new Int32Array(1 + depQ).fill(NOT_FORCED));
    expect(promptedTokens(items, own, depQ, count - 1)[0]).toBe(NOT_FORCED);
  });
});
