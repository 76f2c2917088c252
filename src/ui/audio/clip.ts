// A bundled clip in place of the microphone, for a visitor who has none. Page thread.
// A media element brings it in: it may load from our own origin without the page touching the network.

import { clipFailed } from "./audio-errors.ts";
import type { AudioSource } from "./audio-source.ts";

/** How loud the visitor hears the clip: under Sotto's voice. */
const ASIDE_GAIN = 0.35;

/** One clip, played once. */
export class ClipSource implements AudioSource {
  readonly node: MediaElementAudioSourceNode;
  readonly #element: HTMLAudioElement;
  readonly #url: string;
  readonly #onEnded: () => void;

  private constructor(
    context: AudioContext,
    element: HTMLAudioElement,
    url: string,
    onEnded: () => void,
  ) {
    this.node = context.createMediaElementSource(element);
    this.#element = element;
    this.#url = url;
    this.#onEnded = onEnded;
    element.addEventListener("ended", onEnded);
  }

  /** Resolves when the clip can be played to its end without a pause. Throws SottoError audio-unavailable. */
  static async open(
    context: AudioContext,
    url: string,
    audible: boolean,
    onEnded: () => void,
  ): Promise<ClipSource> {
    const element = new Audio();
    const loaded = Promise.withResolvers<void>();
    element.addEventListener("canplaythrough", () => loaded.resolve(), { once: true });
    element.addEventListener(
      "error",
      () => loaded.reject(clipFailed(url, element.error?.message)),
      {
        once: true,
      },
    );
    element.src = url;
    element.load();
    await loaded.promise;
    const clip = new ClipSource(context, element, url, onEnded);
    if (audible) {
      const aside = context.createGain();
      aside.gain.value = ASIDE_GAIN;
      clip.node.connect(aside).connect(context.destination);
    }
    return clip;
  }

  /** Throws SottoError audio-unavailable. */
  async play(): Promise<void> {
    try {
      await this.#element.play();
    } catch (thrown) {
      throw clipFailed(this.#url, thrown);
    }
  }

  close(): void {
    this.#element.removeEventListener("ended", this.#onEnded);
    this.#element.pause();
    // An element without a source lets go of its decoder.
    this.#element.removeAttribute("src");
    this.#element.load();
    this.node.disconnect();
  }
}
