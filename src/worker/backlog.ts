// What to do when mic frames wait: a pure policy, fed once per frame by the loop in pipeline.ts.
// The model has no notion of skipping time, so late frames still run through it; what is dropped is
// playback (spec §10.15). Past a bound the microphone is flushed, and the page is told.

import { FRAME_MS } from "../shared/frame.ts";

/** From this many waiting frames on, the frame in hand is late. One is ordinary jitter between threads. */
export const LATE_FRAMES = 2;
/** More waiting frames than this (2 s) are thrown away: nobody wants an answer to what was said so long ago. */
export const FLUSH_FRAMES = 25;
/** Late frames stay unheard only if the backlog is gone within this time at the present pace. */
const CATCH_UP_MS = 1_000;
/** Late frames in a row (1 s) that no quick catching up will cure, before the page is told. */
const SLOW_AFTER_FRAMES = 12;
/** Punctual frames in a row (2 s) before the page is told that all is well again. */
const SETTLED_FRAMES = 25;
/** The pace is the median over this many frames, so that one stall does not count as slowness. */
const PACE_FRAMES = 9;

export interface BacklogVerdict {
  /** Drop every waiting frame but the newest, and process that one. */
  readonly flush: boolean;
  /** Whether the own frame goes to the speaker. The model runs in any case. */
  readonly play: boolean;
  /** A change to report: why it is degraded, `null` when it no longer is; absent when nothing changed. */
  readonly notice?: string | null;
}

/** Judges one conversation's backlog. Make a new one for each conversation. */
export class BacklogPolicy {
  readonly #recentMs: number[] = [];
  #lateInARow = 0;
  #punctualInARow = 0;
  #degraded = false;

  /**
   * Called as a frame is taken from the mic queue.
   * @param waiting frames still in the queue behind it
   * @param previousMs what the previous frame took, in milliseconds; `null` for the first frame
   */
  judge(waiting: number, previousMs: number | null): BacklogVerdict {
    if (previousMs !== null) {
      this.#recentMs.push(previousMs);
      if (this.#recentMs.length > PACE_FRAMES) this.#recentMs.shift();
    }
    const pace = this.paceMs;
    const late = waiting >= LATE_FRAMES;
    const play = !late || this.#catchUpMs(waiting, pace) > CATCH_UP_MS;
    this.#lateInARow = late && play ? this.#lateInARow + 1 : 0;
    this.#punctualInARow = late ? 0 : this.#punctualInARow + 1;

    if (waiting > FLUSH_FRAMES) {
      const lostS = ((waiting * FRAME_MS) / 1_000).toFixed(1);
      this.#degraded = true;
      this.#lateInARow = 0;
      return {
        flush: true,
        play: true,
        notice: `Sotto stood still and fell ${lostS} s behind, so it did not hear what was said in that time.`,
      };
    }
    if (!this.#degraded && this.#lateInARow >= SLOW_AFTER_FRAMES) {
      this.#degraded = true;
      return {
        flush: false,
        play,
        notice: `This device needs ${pace.toFixed(0)} ms for ${FRAME_MS} ms of sound and fell behind: answers come late.`,
      };
    }
    const settled = this.#punctualInARow >= SETTLED_FRAMES && pace < FRAME_MS;
    if (this.#degraded && settled) {
      this.#degraded = false;
      return { flush: false, play, notice: null };
    }
    return { flush: false, play };
  }

  /** Median time of the recent frames in milliseconds; 0 before the first. */
  get paceMs(): number {
    const sorted = this.#recentMs.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }

  /** How long the backlog lasts when each frame takes `pace` ms and a new one comes every 80 ms. */
  #catchUpMs(waiting: number, pace: number): number {
    return pace >= FRAME_MS ? Infinity : (waiting * pace * FRAME_MS) / (FRAME_MS - pace);
  }
}
