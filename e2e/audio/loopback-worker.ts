// In place of the model worker: sends every mic frame back to the speaker, and keeps a copy for the test.

import type { MicFrameMessage, SpeakerMessage } from "../../src/shared/protocol.ts";
import type { VoicePorts } from "../../src/ui/audio/voice-io.ts";

export type LoopbackRequest =
  | { readonly type: "connect"; readonly ports: VoicePorts }
  /** Answered with every MicFrameMessage of this connection so far. */
  | { readonly type: "report" }
  | { readonly type: "flush" };

let frames: MicFrameMessage[] = [];
let speaker: MessagePort | null = null;

addEventListener("message", ({ data }: MessageEvent<LoopbackRequest>) => {
  switch (data.type) {
    case "connect":
      connect(data.ports);
      break;
    case "report":
      postMessage(frames);
      break;
    case "flush":
      speak({ type: "flush" });
      break;
    default:
      data satisfies never;
  }
});

function connect(ports: VoicePorts): void {
  frames = [];
  speaker = ports.speaker;
  ports.mic.onmessage = ({ data }: MessageEvent<MicFrameMessage>) => {
    frames.push(data);
    speak({ type: "speaker-frame", index: data.index, samples: data.samples.slice() });
  };
}

function speak(message: SpeakerMessage): void {
  const transfer = message.type === "speaker-frame" ? [message.samples.buffer] : [];
  speaker?.postMessage(message, transfer);
}
