import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Scheduler, type SchedulerConfig } from "./scheduler.ts";

const MOSHI: SchedulerConfig = {
  nQ: 16,
  depQ: 8,
  delays: [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1],
  textCard: 32_000,
  card: 2048,
};

function feed(scheduler: Scheduler, rows: number): number[] {
  const column = new Int32Array(rows);
  scheduler.column(column);
  return [...column];
}

const range = (from: number, count: number) =>
  Int32Array.from({ length: count }, (_, i) => from + i);

describe("the worked example of the spec, Moshi's delays", () => {
  it("feeds and completes what the spec says, step by step", () => {
    const scheduler = new Scheduler(MOSHI);
    const initial = Array<number>(8).fill(2048);

    expect(feed(scheduler, 17)).toEqual([32_000, ...initial, ...initial]);
    expect(scheduler.complete(range(100, 9))).toBeNull();

    // Own codebook 0 from step 0, the rest initial; user codebook 0 of frame 0, the rest initial.
    scheduler.placeUser(range(500, 8));
    expect(feed(scheduler, 17)).toEqual([100, 101, ...initial.slice(1), 500, ...initial.slice(1)]);
    // Codebook 0 of step 0 and codebooks 1…7 of step 1 are own frame 0.
    expect(scheduler.complete(range(200, 9))).toEqual(Int32Array.of(101, ...range(202, 7)));

    // User codebook 0 of frame 1 beside codebooks 1…7 of frame 0.
    scheduler.placeUser(range(600, 8));
    expect(feed(scheduler, 17)).toEqual([...range(200, 9), 600, ...range(501, 7)]);
    expect(scheduler.complete(range(300, 9))).toEqual(Int32Array.of(201, ...range(302, 7)));
  });

  it("starts over after a reset", () => {
    const scheduler = new Scheduler(MOSHI);
    const first = feed(scheduler, 17);
    scheduler.complete(range(0, 9));
    scheduler.placeUser(range(7, 8));
    scheduler.complete(range(0, 9));
    scheduler.reset();
    expect(scheduler.step).toBe(0);
    expect(feed(scheduler, 17)).toEqual(first);
  });

  it("refuses to feed a column that lacks its user frame, even after a lap of the ring", () => {
    const scheduler = new Scheduler(MOSHI);
    scheduler.complete(range(0, 9));
    for (let f = 0; f < 6; f++) {
      scheduler.placeUser(range(0, 8));
      scheduler.complete(range(0, 9));
    }
    expect(() => feed(scheduler, 17)).toThrow(/Step 7 has no token in row 9/);
  });

  it("refuses user frames that do not belong to the next step, and wrong lengths", () => {
    const scheduler = new Scheduler(MOSHI);
    expect(() => scheduler.placeUser(range(0, 8))).toThrow(/drives step 1; the next step is 0/);
    expect(() => scheduler.complete(range(0, 8))).toThrow(/samples 9 tokens/);
    scheduler.complete(range(0, 9));
    expect(() => scheduler.placeUser(range(0, 7))).toThrow(/has 8 codes/);
  });
});

/** Any row counts and delays. */
const configs = fc
  .record({ depQ: fc.integer({ min: 0, max: 5 }), users: fc.integer({ min: 0, max: 5 }) })
  .chain(({ depQ, users }) =>
    fc
      .array(fc.integer({ min: 0, max: 6 }), {
        minLength: 1 + depQ + users,
        maxLength: 1 + depQ + users,
      })
      .map((delays): SchedulerConfig => ({
        nQ: depQ + users,
        depQ,
        delays,
        textCard: 1_000_000,
        card: 2_000_000,
      })),
  );

/** The token of row k that step p samples, or of user frame p: unique in the whole run. */
const sampledAt = (row: number, step: number) => step * 100 + row;
const userAt = (q: number, frame: number) => 500_000 + frame * 100 + q;

describe("any delays", () => {
  test.prop([configs, fc.integer({ min: 1, max: 30 })])(
    "equals the unbounded grid of the spec",
    (config, steps) => {
      const { nQ, depQ, delays } = config;
      const rows = 1 + nQ;
      const maxDelay = Math.max(...delays);
      const scheduler = new Scheduler(config);

      // The definition, written as it stands in the spec, with every column kept.
      const grid = Array.from({ length: rows }, (_, k) => {
        const row: number[] = [];
        for (let p = 0; p <= (delays[k] ?? 0); p++)
          row[p] = k === 0 ? config.textCard : config.card;
        return row;
      });
      const at = (k: number, p: number) => grid[k]?.[p];
      const put = (k: number, p: number, token: number) => {
        const row = grid[k];
        if (row) row[p] = token;
      };
      for (let f = 0; f < steps; f++) {
        for (let q = 0; q < nQ - depQ; q++) {
          const k = 1 + depQ + q;
          put(k, f + 1 + (delays[k] ?? 0), userAt(q, f));
        }
      }

      for (let p = 0; p < steps; p++) {
        if (p > 0)
          scheduler.placeUser(Int32Array.from({ length: nQ - depQ }, (_, q) => userAt(q, p - 1)));
        expect(feed(scheduler, rows)).toEqual(grid.map((row) => row[p]));

        const own = scheduler.complete(
          Int32Array.from({ length: 1 + depQ }, (_, k) => sampledAt(k, p)),
        );
        for (let k = 0; k <= depQ; k++) {
          if (p + 1 > (delays[k] ?? 0)) put(k, p + 1, sampledAt(k, p));
        }
        const j = p - maxDelay;
        const expected = Array.from({ length: depQ }, (_, k) =>
          at(1 + k, j + 1 + (delays[1 + k] ?? 0)),
        );
        expect(own === null ? null : [...own]).toEqual(j < 0 || depQ === 0 ? null : expected);
      }
    },
  );
});
