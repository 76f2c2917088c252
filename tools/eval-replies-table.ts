// The result of an evaluation as Markdown, for people and docs/benchmarks.md. Pure.

import { type CaseScore, median } from "./eval-replies-score.ts";

export interface CaseResult extends CaseScore {
  readonly kind: string;
  /** Whether the independent recogniser heard the reply's words; null when it was not run. */
  readonly recognised: boolean | null;
}

export interface NoiseResult {
  readonly file: string;
  readonly seconds: number;
  readonly falseStarts: number;
}

/** One row a kind, and one for all. */
export function repliesTable(results: readonly CaseResult[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))].toSorted();
  const rows = kinds.map((kind) =>
    repliesRow(
      kind,
      results.filter((each) => each.kind === kind),
    ),
  );
  return markdown(
    [
      "caller",
      "cases",
      "right reply (text)",
      "reply recognised",
      "false starts",
      "gap, median",
      "gap, longest",
    ],
    [...rows, repliesRow("**all**", results)],
  );
}

/** One row a recording, and one for all. */
export function noiseTable(results: readonly NoiseResult[]): string {
  const rows = results.map(({ file, seconds, falseStarts }) => [
    file,
    minutes(seconds),
    String(falseStarts),
  ]);
  const seconds = results.reduce((sum, each) => sum + each.seconds, 0);
  const falseStarts = results.reduce((sum, each) => sum + each.falseStarts, 0);
  const rate = seconds === 0 ? "–" : ((falseStarts * 300) / seconds).toFixed(2);
  return markdown(
    ["recording in which nobody speaks to Sotto", "length", "false starts"],
    [...rows, ["**all**", minutes(seconds), `${falseStarts} (${rate} in 5 minutes)`]],
  );
}

function repliesRow(name: string, results: readonly CaseResult[]): string[] {
  const spoken = results.filter(({ reply }) => reply !== "");
  const judged = spoken.filter(({ recognised }) => recognised !== null);
  const gaps = results.flatMap(({ gapSeconds }) => (gapSeconds === null ? [] : [gapSeconds]));
  return [
    name,
    String(results.length),
    share(results.filter(({ right }) => right).length, results.length),
    judged.length === 0
      ? "not run"
      : share(judged.filter(({ recognised }) => recognised === true).length, judged.length),
    String(results.filter(({ falseStart }) => falseStart).length),
    time(median(gaps)),
    time(gaps.length === 0 ? null : Math.max(...gaps)),
  ];
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${part}/${whole} (${Math.round((100 * part) / whole)} %)`;
}

function time(seconds: number | null): string {
  return seconds === null ? "–" : `${seconds.toFixed(2)} s`;
}

function minutes(seconds: number): string {
  return seconds < 60 ? time(seconds) : `${(seconds / 60).toFixed(1)} min`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join(
    "\n",
  );
}
