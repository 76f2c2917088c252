// A page that is nothing but the audio path: the button opens it with a loopback worker behind it.

import type { MicFrameMessage, MicStats } from "../../src/shared/protocol.ts";
import { createVoice } from "../../src/ui/audio/voice.ts";
import type { VoiceIo, VoiceSource } from "../../src/ui/audio/voice-io.ts";
import type { LoopbackRequest } from "./loopback-worker.ts";

/** What the test steers and reads, as `window.harness`. */
export interface Harness {
  readonly voice: VoiceIo;
  /** What the button opens. */
  source: VoiceSource;
  /** "opening" from the click on, "open", or the code of the error. */
  state: string;
  clipsEnded: number;
  micStats: MicStats | null;
  failures: string[];
  /** The frames that have reached the worker, samples as base64 of Float32. */
  frames(): Promise<{ index: number; contextTime: number; samples: string }[]>;
  flush(): void;
}

declare global {
  interface Window {
    harness: Harness;
  }
}

const worker = new Worker(new URL("./loopback-worker.ts", import.meta.url), { type: "module" });
const ask = (request: LoopbackRequest, transfer: Transferable[] = []): void => {
  worker.postMessage(request, transfer);
};

const voice = createVoice({
  onFailure: (error) => harness.failures.push(error.code),
  onClipEnded: () => harness.clipsEnded++,
  onMicStats: (stats) => (harness.micStats = stats),
});

const harness: Harness = {
  voice,
  source: { kind: "mic", deviceId: null },
  state: "closed",
  clipsEnded: 0,
  micStats: null,
  failures: [],
  async frames() {
    const report = new Promise<MicFrameMessage[]>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<MicFrameMessage[]>) => resolve(data);
    });
    ask({ type: "report" });
    return (await report).map(({ index, contextTime, samples }) => {
      const bytes = new Uint8Array(samples.buffer);
      return { index, contextTime, samples: btoa(String.fromCharCode(...bytes)) };
    });
  },
  flush: () => ask({ type: "flush" }),
};
window.harness = harness;

async function open(): Promise<void> {
  harness.state = "opening";
  voice.unlock();
  try {
    const ports = await voice.open(harness.source);
    ask({ type: "connect", ports }, [ports.mic, ports.speaker]);
    harness.state = "open";
  } catch (thrown) {
    harness.state =
      thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
  }
}

document.querySelector("button")?.addEventListener("click", () => void open());
