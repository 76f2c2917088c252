// What the load progress shows: bytes of each file, the rate and the phase. Pure; times in milliseconds, sizes in bytes.

import type { FileProgress, WorkerEvent } from "../shared/protocol.ts";

export type LoadPhase = Extract<WorkerEvent, { type: "phase" }>["phase"];

export interface LoadMeter {
  readonly phase: LoadPhase | null;
  /** In the order in which the files were first seen. */
  readonly files: readonly FileProgress[];
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** Over the last two seconds; null before there is anything to measure. */
  readonly bytesPerSecond: number | null;
  /** Recent (time, bytes) pairs that the rate is taken from, oldest first. */
  readonly samples: readonly {
    readonly atMs: number;
    readonly loadedBytes: number;
  }[];
}

export const EMPTY_METER: LoadMeter = {
  phase: null,
  files: [],
  loadedBytes: 0,
  totalBytes: 0,
  bytesPerSecond: null,
  samples: [],
};

const RATE_WINDOW_MS = 2_000;
/** A rate over less than this is noise. */
const RATE_MIN_MS = 150;

/** The meter after one report of one file. */
export function meterProgress(meter: LoadMeter, progress: FileProgress, atMs: number): LoadMeter {
  const known = meter.files.some((file) => file.file === progress.file);
  const files = known
    ? meter.files.map((file) => (file.file === progress.file ? progress : file))
    : [...meter.files, progress];
  const loadedBytes = files.reduce((sum, file) => sum + file.loadedBytes, 0);
  const totalBytes = files.reduce((sum, file) => sum + file.totalBytes, 0);
  const samples = [
    ...meter.samples.filter((sample) => atMs - sample.atMs <= RATE_WINDOW_MS),
    { atMs, loadedBytes },
  ];
  const oldest = samples[0];
  const spanMs = oldest === undefined ? 0 : atMs - oldest.atMs;
  const bytesPerSecond =
    oldest === undefined || spanMs < RATE_MIN_MS
      ? meter.bytesPerSecond
      : Math.max(0, ((loadedBytes - oldest.loadedBytes) * 1_000) / spanMs);
  return { ...meter, files, loadedBytes, totalBytes, bytesPerSecond, samples };
}

export function meterPhase(meter: LoadMeter, phase: LoadPhase): LoadMeter {
  return { ...meter, phase };
}

/** Loaded share of all bytes known so far, 0…1. */
export function loadedShare({ loadedBytes, totalBytes }: LoadMeter): number {
  return totalBytes === 0 ? 0 : Math.min(1, loadedBytes / totalBytes);
}

/** A size for people: 9.4 MB, 820 kB. Decimal units, as browsers and shops use them. */
export function formatBytes(bytes: number): string {
  if (bytes >= 999_500_000) return `${(bytes / 1e9).toFixed(bytes >= 9.95e9 ? 0 : 1)} GB`;
  if (bytes >= 999_500) return `${(bytes / 1e6).toFixed(bytes >= 9.95e6 ? 0 : 1)} MB`;
  return `${Math.round(bytes / 1e3)} kB`;
}
