// Proves the walls of .oxlintrc.jsonc: each snippet that breaks one is refused, each that keeps it passes.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

/** Where a snippet would stand, what it says, and the rule that must refuse it; null if none may. */
const SNIPPETS: readonly (readonly [file: string, code: string, rule: string | null])[] = [
  ["src/ui/a.ts", `import { load } from "../worker/load.ts";\nload();`, "no-restricted-imports"],
  ["src/ui/b.ts", `import type { Load } from "../worker/load.ts";\nexport type L = Load;`, null],
  [
    "src/ui/c.ts",
    `import { mic } from "../audio-worklet/mic.ts";\nmic();`,
    "no-restricted-imports",
  ],
  ["src/ui/d.ts", `import mic from "../audio-worklet/mic.ts?worker&url";\nexport { mic };`, null],
  ["src/ui/e.ts", `export const x = fetch("/a");`, "no-restricted-globals"],
  ["src/ui/f.ts", `export const x = new WebSocket("wss://a");`, "no-restricted-globals"],
  ["src/ui/g.ts", `navigator.sendBeacon("/a");`, "no-restricted-properties"],
  ["src/ui/h.ts", `export const x = globalThis.fetch("/a");`, "no-restricted-properties"],
  ["src/ui/i.ts", `export const x = new RTCPeerConnection();`, "no-restricted-globals"],
  ["src/worker/a.ts", `export const x = fetch("/a");`, "no-restricted-globals"],
  ["src/worker/b.ts", `export const x = new XMLHttpRequest();`, "no-restricted-globals"],
  ["src/worker/c.ts", `export const x = new EventSource("/a");`, "no-restricted-globals"],
  ["src/worker/d.ts", `import { orb } from "../ui/orb.ts";\norb();`, "no-restricted-imports"],
  ["src/worker/weights/a.ts", `export const x = fetch("/a");`, null],
  ["src/audio-worklet/a.ts", `import { f } from "../shared/frame.ts";\nf();`, null],
  ["src/audio-worklet/b.ts", `import { f } from "./ring.ts";\nf();`, null],
  ["src/audio-worklet/c.ts", `import { f } from "../worker/x.ts";\nf();`, "no-restricted-imports"],
  ["src/audio-worklet/d.ts", `import { f } from "comlink";\nf();`, "no-restricted-imports"],
  ["src/audio-worklet/e.ts", `console.error("late");`, "no-console"],
  ["src/audio-worklet/f.ts", `setTimeout(() => 0, 1);`, "no-restricted-globals"],
  ["src/audio-worklet/g.ts", `export const x = fetch("/a");`, "no-restricted-globals"],
  ["src/shared/a.ts", `import { f } from "../worker/x.ts";\nf();`, "no-restricted-imports"],
  ["src/shared/b.ts", `export const x = (y: any): unknown => y;`, "no-explicit-any"],
  ["src/shared/c.ts", `export const x = (y?: string): string => y!;`, "no-non-null-assertion"],
  ["src/shared/d.ts", `// @ts-ignore\nexport const x: string = 1;`, "ban-ts-comment"],
  ["src/profile/a.ts", `import { f } from "../ui/x.ts";\nf();`, "no-restricted-imports"],
];

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

describe("the lint walls", () => {
  const root = mkdtempSync(join(tmpdir(), "sotto-walls-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  copyFileSync(".oxlintrc.jsonc", join(root, ".oxlintrc.jsonc"));
  for (const [file, code] of SNIPPETS) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${code}\n`);
  }
  // The walls are syntactic, so the snippets need no TypeScript project around them.
  const linter = resolve("node_modules/oxlint/bin/oxlint");
  const configuration = join(root, ".oxlintrc.jsonc");
  const { stdout } = spawnSync(process.execPath, [linter, "-c", configuration, "-f", "json", "."], {
    cwd: root,
    encoding: "utf8",
  });
  const report = JSON.parse(stdout) as Report;

  it.each(SNIPPETS)("%s: %s → %s", (file, _code, rule) => {
    const refusals = report.diagnostics.filter(({ filename }) => filename === file);
    const rules = refusals.map(({ code }) => /\((.+)\)/.exec(code)?.[1]);
    if (rule === null) expect(rules).toEqual([]);
    else expect(rules).toContain(rule);
  });
});
