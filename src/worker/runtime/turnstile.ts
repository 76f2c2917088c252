// Lets asynchronous tasks through one at a time, in order. Pure.

/** The WASM module behind ONNX Runtime cannot be entered again while a call of it is suspended: all calls queue here. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `task` after all earlier ones have settled; a failure of one does not stop the next. */
  pass<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
