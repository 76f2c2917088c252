// `npm test`: sets up what is missing, then runs every check and every test, and ends with one line of totals.
// All of them run even if one fails. A check that is no test (types, lint, format, build) adds to the failures
// when it fails, so that the totals never look better than the exit code.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { ensureChromium } from "./chromium.mjs";
import { run, runMain, say } from "./console.mjs";
import { ensureRecogniser } from "./recogniser.mjs";
import { setUp } from "./setup.mjs";
import { addUp, playwrightTotals, totalsLine, vitestTotals } from "./totals.mjs";

const UNIT_REPORT = ".cache/unit.json";
const E2E_REPORT = ".cache/e2e.json";

await runMain(async () => {
  setUp();
  const python = ensureRecogniser();
  const chromium = await ensureChromium();
  mkdirSync(".cache", { recursive: true });
  for (const report of [UNIT_REPORT, E2E_REPORT]) rmSync(report, { force: true });

  const steps = [
    step("types", "npm", ["run", "-s", "typecheck"]),
    step("lint", "npm", ["run", "-s", "lint"]),
    step("format", "npm", ["run", "-s", "format:check"]),
    step("unit tests", "npx", [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${UNIT_REPORT}`,
    ]),
    step("build", "npm", ["run", "-s", "build"]),
    step("end-to-end tests", "npx", ["playwright", "test"], {
      SOTTO_CHROMIUM: chromium,
      SOTTO_PYTHON: python,
      PLAYWRIGHT_JSON_OUTPUT_FILE: E2E_REPORT,
    }),
  ];

  const failedSteps = steps.filter(({ ok }) => !ok).map(({ name }) => name);
  if (failedSteps.length > 0) say(`failed: ${failedSteps.join(", ")}`);
  const tests = [vitestTotals(readReport(UNIT_REPORT)), playwrightTotals(readReport(E2E_REPORT))];
  const totals = addUp(tests, failedSteps.length);
  console.log(totalsLine(totals));
  process.exitCode = totals.failed > 0 || totals.skipped > 0 ? 1 : 0;
});

/**
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {Record<string, string>} [env]
 */
function step(name, command, parameters, env = {}) {
  say(name);
  const startMs = performance.now();
  const ok = run(command, parameters, { env });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  say(`${name}: ${ok ? "ok" : "FAILED"} (${seconds} s)`);
  return { name, ok };
}

/** @param {string} file */
function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
