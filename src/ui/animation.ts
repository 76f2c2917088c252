// A lit controller that draws at the display's pace, capped, and only while there is something to move.

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** 30 pictures a second: smooth for slow shapes, and it leaves the processor to the model. */
const MIN_STEP_MS = 1_000 / 30 - 4;
/** After a pause the first step is not a jump. */
const MAX_STEP_MS = 100;

export class Animation implements ReactiveController {
  readonly #draw: (stepMs: number) => boolean;
  #request = 0;
  #lastMs = 0;
  #connected = false;

  /** `draw` gets the milliseconds since the last picture and tells whether more are to come. */
  constructor(host: ReactiveControllerHost, draw: (stepMs: number) => boolean) {
    this.#draw = draw;
    host.addController(this);
  }

  hostConnected(): void {
    this.#connected = true;
    this.wake();
  }

  hostDisconnected(): void {
    this.#connected = false;
    cancelAnimationFrame(this.#request);
    this.#request = 0;
  }

  hostUpdated(): void {
    this.wake();
  }

  /** Begins, or goes on, until `draw` says that nothing moves any more. */
  wake(): void {
    if (this.#request !== 0 || !this.#connected) return;
    this.#request = requestAnimationFrame(this.#step);
  }

  readonly #step = (nowMs: number): void => {
    this.#request = 0;
    const stepMs = nowMs - this.#lastMs;
    if (stepMs < MIN_STEP_MS) {
      this.wake();
      return;
    }
    this.#lastMs = nowMs;
    if (this.#draw(Math.min(stepMs, MAX_STEP_MS))) this.wake();
  };
}

/** One step of `value` towards `target`: quick up, slow down, as a level meter moves. */
export function ease(value: number, target: number, stepMs: number): number {
  const timeMs = target > value ? 45 : 180;
  return value + (target - value) * (1 - Math.exp(-stepMs / timeMs));
}
