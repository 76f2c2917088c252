// `npm run golden -- DIR [--backend wasm|webgpu]`: the engine against traces of the PyTorch reference (spec §11).
// One line a fixture; exits 1 on any breach, and 2 when nothing could be run. Node only.

import { readdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { FixtureReport } from "./golden/fixture.ts";
import { goldenOnWasm } from "./golden/wasm.ts";
import { goldenOnWebGpu } from "./golden/webgpu.ts";

const SUFFIX = ".config.json";
const USAGE = "usage: npm run golden -- DIR [--backend wasm|webgpu]";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: "string", default: "wasm" } },
});
const [folder, ...rest] = positionals;
const { backend } = values;
if (folder === undefined || rest.length > 0 || (backend !== "wasm" && backend !== "webgpu")) {
  console.error(USAGE);
  process.exit(2);
}

const names = (await readdir(folder))
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .toSorted();
const reports: FixtureReport[] = [];
const run = backend === "wasm" ? goldenOnWasm : goldenOnWebGpu;
await run(folder, names, (report) => {
  reports.push(report);
  console.log(line(report));
});

const count = (status: FixtureReport["status"]): number =>
  reports.filter((report) => report.status === status).length;
console.log(
  `golden on ${backend}: ${count("pass")} passed, ${count("fail")} failed, ${count("unsupported")} unsupported`,
);
process.exit(count("fail") > 0 ? 1 : count("pass") === 0 ? 2 : 0);

function line(report: FixtureReport): string {
  if (report.status === "unsupported") return `${report.name}: unsupported: ${report.reason}`;
  const errors = report.errors.map(
    ({ what, largest, allowed }) =>
      `${what} ${largest.toExponential(1)} (≤ ${allowed.toExponential(0)})`,
  );
  const mismatches = report.mismatches.map(
    ({ what, differing, of }) => `${what} ${differing}/${of} differ`,
  );
  return `${report.name}: ${report.status}: ${[...errors, ...mismatches].join(", ")}`;
}
