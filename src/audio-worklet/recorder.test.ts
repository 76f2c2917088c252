import { expect, test } from "vitest";
import { FRAME_SAMPLES } from "../shared/frame.ts";
import type { RecordingMessage } from "../shared/protocol.ts";
import { Recorder } from "./recorder.ts";

test("what it posts, one after another, is what it took, silence included, with its place", () => {
  const posted: RecordingMessage[] = [];
  const recorder = new Recorder({
    postMessage: (message: RecordingMessage) => posted.push(structuredClone(message)),
  });
  const quantum = Float32Array.from({ length: 100 }, (_, n) => n + 1);
  const taken: number[] = [];
  for (let at = 0; at < 3 * FRAME_SAMPLES; at += 100) {
    const silent = at % 300 === 0;
    recorder.take(silent ? undefined : quantum, 100, 5_000 + at);
    taken.push(...(silent ? new Float32Array(100) : quantum));
  }
  expect(posted.map(({ startFrame }) => startFrame)).toEqual([5_000, 6_920, 8_840]);
  expect(posted.flatMap(({ samples }) => [...samples])).toEqual(taken.slice(0, 3 * FRAME_SAMPLES));
});
