// Frames as Chrome-trace JSON, which Perfetto and chrome://tracing open. Pure; any thread.
// Format: "Trace Event Format", complete events (ph "X"), times in microseconds.

import { FRAME_MS } from "../shared/frame.ts";
import { STAGES, type FrameSpans } from "./frame-profile.ts";

interface TraceEvent {
  readonly ph: "X" | "M" | "C" | "i";
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  /** What the frames ran on, as given: device, back end, model hash. */
  readonly otherData: Readonly<Record<string, string>>;
}

const PID = 1;
const TID = 1;

/** `environment` goes into the file as it is. A frame over its 80 ms carries an instant event "late". */
export function chromeTrace(
  frames: Iterable<FrameSpans>,
  environment: Readonly<Record<string, string>>,
): ChromeTrace {
  const common = { pid: PID, tid: TID };
  const traceEvents: TraceEvent[] = [
    { ...common, ph: "M", name: "process_name", args: { name: "Sotto" } },
    { ...common, ph: "M", name: "thread_name", args: { name: "frame loop" } },
  ];
  for (const { frame, startMs, totalMs, backlog, stageMs } of frames) {
    const ts = startMs * 1_000;
    traceEvents.push({
      ...common,
      ph: "X",
      name: `frame ${frame}`,
      ts,
      dur: totalMs * 1_000,
      args: { frame },
    });
    let stageTs = ts;
    for (const stage of STAGES) {
      const dur = stageMs[stage] * 1_000;
      traceEvents.push({
        ...common,
        ph: "X",
        name: stage,
        ts: stageTs,
        dur,
        args: { frame },
      });
      stageTs += dur;
    }
    traceEvents.push({
      ...common,
      ph: "C",
      name: "mic frames waiting",
      ts,
      args: { waiting: backlog },
    });
    if (totalMs > FRAME_MS)
      traceEvents.push({
        ...common,
        ph: "i",
        s: "t",
        name: "late",
        ts: ts + totalMs * 1_000,
      });
  }
  return { traceEvents, displayTimeUnit: "ms", otherData: environment };
}
