// Records a conversation inside the page: what the microphone gave and what the speaker played, on one clock.
// Both worklets mirror the very samples that go through them to a port, which the page itself never asks for. (A worklet
// of the test's own is not to be had: Playwright cannot answer for a worklet's script, and the policy allows no blob.)

import type { Page } from "@playwright/test";
import type { RecordControl, RecordingMessage, SpeakerStats } from "../../src/shared/protocol.ts";
import { MIC_PROCESSOR, SPEAKER_PROCESSOR } from "../../src/shared/protocol.ts";
import { formatWav } from "../../tools/wav.ts";

export interface Recording {
  readonly sampleRate: number;
  /** Both start at the same moment and are equally long. */
  readonly microphone: Float32Array<ArrayBuffer>;
  readonly speaker: Float32Array<ArrayBuffer>;
  /** The speaker worklet's last account of itself, or null before its first. */
  readonly stats: SpeakerStats | null;
}

/** Must be called before the page is opened. Records the latest talk. */
export async function tapVoices(page: Page): Promise<void> {
  await page.addInitScript(installTap, { mic: MIC_PROCESSOR, speaker: SPEAKER_PROCESSOR });
}

/** Everything recorded so far. */
export async function readRecording(page: Page): Promise<Recording> {
  const { sampleRate, microphone, speaker, stats } = await page.evaluate(() => window.tap.read());
  return { sampleRate, microphone: decode(microphone), speaker: decode(speaker), stats };
}

/** One channel of a recording as a 16-bit WAV file. */
export function wavOf(samples: Float32Array<ArrayBuffer>, sampleRate: number): Uint8Array {
  return formatWav({ sampleRate, channels: [samples] });
}

interface Tap {
  read(): {
    sampleRate: number;
    /** Float32 samples, base64: a plain array of a minute of sound is too much to pass as JSON. */
    microphone: string;
    speaker: string;
    stats: SpeakerStats | null;
  };
}

declare global {
  interface Window {
    tap: Tap;
  }
}

/** Runs in the page, before its own scripts. */
function installTap(names: { readonly mic: string; readonly speaker: string }): void {
  let microphone: RecordingMessage[] = [];
  let speaker: RecordingMessage[] = [];
  let sampleRate = 0;
  let stats: SpeakerStats | null = null;

  /** Has the node's processor record into a list that grows. */
  function record(node: AudioWorkletNode): RecordingMessage[] {
    const pieces: RecordingMessage[] = [];
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<RecordingMessage>) => pieces.push(data);
    node.port.postMessage({ type: "record", port: port2 } satisfies RecordControl, [port2]);
    return pieces;
  }

  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
      super(context, name, options);
      sampleRate = context.sampleRate;
      if (name === names.mic) microphone = record(this);
      if (name === names.speaker) {
        speaker = record(this);
        stats = null;
        this.port.addEventListener("message", ({ data }: MessageEvent<SpeakerStats>) => {
          stats = data;
        });
      }
    }
  };

  /** The stretch of the context's clock from `start` to `end` as one piece. */
  function join(pieces: readonly RecordingMessage[], start: number, end: number): Float32Array {
    const whole = new Float32Array(end - start);
    for (const { startFrame, samples } of pieces) {
      const from = Math.max(0, start - startFrame);
      const to = Math.min(samples.length, end - startFrame);
      if (to > from) whole.set(samples.subarray(from, to), startFrame + from - start);
    }
    return whole;
  }

  function encode(samples: Float32Array): string {
    const bytes = new Uint8Array(samples.buffer);
    const parts: string[] = [];
    // More arguments than this in one call may overflow the stack.
    for (let at = 0; at < bytes.length; at += 32_768) {
      parts.push(String.fromCharCode(...bytes.subarray(at, at + 32_768)));
    }
    return btoa(parts.join(""));
  }

  const endOf = (pieces: readonly RecordingMessage[]): number => {
    const last = pieces.at(-1);
    return last === undefined ? 0 : last.startFrame + last.samples.length;
  };

  window.tap = {
    read: () => {
      const start = Math.max(microphone[0]?.startFrame ?? 0, speaker[0]?.startFrame ?? 0);
      const end = Math.max(start, Math.min(endOf(microphone), endOf(speaker)));
      return {
        sampleRate,
        microphone: encode(join(microphone, start, end)),
        speaker: encode(join(speaker, start, end)),
        stats,
      };
    },
  };
}

function decode(base64: string): Float32Array<ArrayBuffer> {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Float32Array(bytes.buffer);
}
