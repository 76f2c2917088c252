// The 80 ms loop: mic frame → encode → step → decode → speaker frame. Runs in the model worker, and in
// Node for `npm run converse`. One frame at a time, strictly in order; no call into a session overlaps another.

import { SottoError } from "../shared/errors.ts";
import type {
  FrameReport,
  SessionSettings,
  SpeakerMessage,
  WorkerEvent,
} from "../shared/protocol.ts";
import { BacklogPolicy } from "./backlog.ts";
import type { MicQueue } from "./pipeline-mic.ts";
import type { SpeechModel } from "./speech-model.ts";

/** What one frame of listening yields. */
export interface FrameResult {
  /** The own frame that this step completed, owned by the caller; null while the acoustic delay fills. */
  readonly pcm: Float32Array<ArrayBuffer> | null;
  /** Text token of this step. */
  readonly token: number;
  /** Codes of the own frame, or null as for `pcm`. */
  readonly ownCodes: Int32Array | null;
  readonly report: Omit<FrameReport, "backlog">;
}

/** Starts a conversation from nothing: empty codec streams, empty caches, and step 0 (spec §5.10). */
export async function startConversation(
  model: SpeechModel,
  settings: SessionSettings,
): Promise<void> {
  await model.encoder.reset();
  await model.decoder.reset();
  model.text.reset();
  await model.language.start(settings);
}

/** Runs one frame of mic PCM through the model. Calls must not overlap. Throws what a stage throws. */
export async function runFrame(
  model: SpeechModel,
  frame: number,
  mic: Float32Array,
): Promise<FrameResult> {
  const startMs = performance.now();
  const userCodes = await model.encoder.encode(mic);
  const encodedMs = performance.now();
  const { textToken, ownCodes } = await model.language.step(userCodes);
  const steppedMs = performance.now();
  const pcm = ownCodes === null ? null : await model.decoder.decode(ownCodes);
  const endMs = performance.now();
  const ownLevel = pcm === null ? 0 : level(pcm);
  if (!Number.isFinite(ownLevel)) {
    throw new SottoError(
      "model-not-finite",
      `The model produced sound that is not a number in frame ${frame}.`,
      "Start the conversation again. If it happens again, choose the other back end.",
    );
  }
  return {
    pcm,
    token: textToken,
    ownCodes,
    report: {
      frame,
      startMs,
      encodeMs: encodedMs - startMs,
      modelMs: steppedMs - encodedMs,
      decodeMs: endMs - steppedMs,
      totalMs: endMs - startMs,
      ownLevel,
      text: model.text.push(textToken),
    },
  };
}

/**
 * Holds a conversation until the queue ends. Resolves in every case: a failure of any stage becomes a
 * `failed` event and ends the loop. `speak` takes ownership of the samples it is given.
 */
export async function converseLive(
  model: SpeechModel,
  mic: MicQueue,
  speak: (message: SpeakerMessage) => void,
  emit: (event: WorkerEvent) => void,
): Promise<void> {
  const policy = new BacklogPolicy();
  let previousMs: number | null = null;
  let ownFrames = 0;
  try {
    for (let frame = 0; ; frame++) {
      let heard = await mic.next();
      if (heard === null) return;
      const backlog = mic.waiting;
      const { flush, play, notice } = policy.judge(backlog, previousMs);
      if (flush) heard = mic.newest() ?? heard;
      if (notice !== undefined) emit({ type: "degraded", reason: notice });

      const { pcm, report } = await runFrame(model, frame, heard.samples);
      if (pcm !== null) {
        if (play && !mic.ended) speak({ type: "speaker-frame", index: ownFrames, samples: pcm });
        ownFrames++;
      }
      emit({ type: "frame", report: { ...report, backlog } });
      previousMs = report.totalMs;
    }
  } catch (thrown) {
    const remedy = "Start the conversation again. If it happens again, reload the page.";
    emit({
      type: "failed",
      error: SottoError.from(thrown, "engine-failed", remedy).toData(),
    });
  }
}

/** RMS of a frame. */
function level(pcm: Float32Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  return Math.sqrt(sum / pcm.length);
}
