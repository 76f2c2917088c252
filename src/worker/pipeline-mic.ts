// Mic frames as they come off the port, waiting for the loop in pipeline.ts. Runs in the model worker.

import type { MicFrameMessage } from "../shared/protocol.ts";

/** First in, first out; one reader. Listens on the port from construction until `end()`. */
export class MicQueue {
  readonly #port: MessagePort;
  readonly #turn = new MessageChannel();
  #frames: MicFrameMessage[] = [];
  #wake: (() => void) | null = null;
  #yielded: (() => void) | null = null;
  #ended = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.addEventListener("message", ({ data }: MessageEvent<{ type: string }>) => {
      if (!isMicFrame(data) || this.#ended) return;
      this.#frames.push(data);
      this.#rouse();
    });
    port.start();
    this.#turn.port1.addEventListener("message", () => this.#yielded?.());
    this.#turn.port1.start();
  }

  /** Frames that have arrived and not been taken. */
  get waiting(): number {
    return this.#frames.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The next frame, waiting for one if need be; null once the queue has ended. */
  async next(): Promise<MicFrameMessage | null> {
    // The runtime's promises may resolve without ever returning to the event loop, and then neither
    // mic frames nor a stop request would get in: let the messages that have arrived be delivered first.
    if (!this.#ended) await this.#nextTask();
    while (this.#frames.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#ended ? null : (this.#frames.shift() ?? null);
  }

  /** Drops what is waiting but for the newest frame, and gives that one; null if nothing was waiting. */
  newest(): MicFrameMessage | null {
    const last = this.#frames.at(-1) ?? null;
    this.#frames = [];
    return last;
  }

  /** Ends the queue and closes the port. What still waits is dropped; `next` gives null from now on. */
  end(): void {
    this.#ended = true;
    this.#frames = [];
    this.#port.close();
    this.#turn.port1.close();
    this.#rouse();
    this.#yielded?.();
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Resolves in a later task, behind the messages that wait already. */
  #nextTask(): Promise<void> {
    return new Promise((resolve) => {
      this.#yielded = resolve;
      this.#turn.port2.postMessage(null);
    });
  }
}

function isMicFrame(message: { type: string }): message is MicFrameMessage {
  return message.type === "mic-frame";
}
