// Records a conversation inside the page: what the microphone gave and what the speaker played, on one clock.
// Taps the Web Audio graph from outside, so it sees what really left the speaker worklet.

import type { Page } from "@playwright/test";
import type { SpeakerStats } from "../../src/shared/protocol.ts";
import { formatWav } from "../../tools/wav.ts";

export interface Recording {
  readonly sampleRate: number;
  /** Both start at the same moment and are equally long. */
  readonly microphone: Float32Array<ArrayBuffer>;
  readonly speaker: Float32Array<ArrayBuffer>;
  /** The speaker worklet's last account of itself, or null before its first. */
  readonly stats: SpeakerStats | null;
}

const TAP_URL = "/tap.js";

/** Two inputs, microphone and speaker, posted as they come. Runs on the audio thread of the page under test. */
const TAP_SOURCE = `
registerProcessor("tap", class extends AudioWorkletProcessor {
  process(inputs) {
    this.port.postMessage(inputs.map(([mono]) => mono ? mono.slice() : new Float32Array(128)));
    return true;
  }
});`;

/** Must be called before the page is opened. */
export async function tapVoices(page: Page): Promise<void> {
  await page.route(`**${TAP_URL}`, (route) =>
    route.fulfill({ contentType: "text/javascript", body: TAP_SOURCE }),
  );
  await page.addInitScript(installTap, TAP_URL);
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
function installTap(tapUrl: string): void {
  const blocks: [Float32Array, Float32Array][] = [];
  const taps = new WeakMap<BaseAudioContext, Promise<AudioWorkletNode>>();
  let sampleRate = 0;
  let stats: SpeakerStats | null = null;

  type Connect = (
    this: AudioNode,
    target: AudioNode | AudioParam,
    output?: number,
    input?: number,
  ) => AudioNode;
  const connect = AudioNode.prototype.connect as Connect;

  async function openTap(context: BaseAudioContext): Promise<AudioWorkletNode> {
    await context.audioWorklet.addModule(tapUrl);
    const node = new AudioWorkletNode(context, "tap", { numberOfInputs: 2, channelCount: 1 });
    sampleRate = context.sampleRate;
    node.port.onmessage = ({ data }: MessageEvent<[Float32Array, Float32Array]>) => {
      blocks.push(data);
    };
    // Silent, but only a node on the way to the destination is sure to run.
    connect.call(node, context.destination);
    return node;
  }

  async function listenTo(source: AudioNode, input: number): Promise<void> {
    const { context } = source;
    let opening = taps.get(context);
    if (!opening) taps.set(context, (opening = openTap(context)));
    connect.call(source, await opening, 0, input);
  }

  const watched: Connect = function (target, output, input) {
    if (target instanceof AudioDestinationNode) void listenTo(this, 1);
    const isVoice =
      this instanceof MediaStreamAudioSourceNode || this instanceof MediaElementAudioSourceNode;
    if (isVoice) void listenTo(this, 0);
    return connect.call(this, target, output, input);
  };
  AudioNode.prototype.connect = watched;

  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
      super(context, name, options);
      this.port.addEventListener("message", ({ data }: MessageEvent<{ type?: string } | null>) => {
        if (data?.type === "speaker-stats") stats = data as SpeakerStats;
      });
    }
  };

  function encode(channel: 0 | 1): string {
    const bytes = blocks.flatMap((block) => {
      const { buffer, byteOffset, byteLength } = block[channel];
      return new Uint8Array(buffer, byteOffset, byteLength);
    });
    return btoa(bytes.map((block) => String.fromCharCode(...block)).join(""));
  }

  window.tap = {
    read: () => ({ sampleRate, microphone: encode(0), speaker: encode(1), stats }),
  };
}

function decode(base64: string): Float32Array<ArrayBuffer> {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Float32Array(bytes.buffer);
}
