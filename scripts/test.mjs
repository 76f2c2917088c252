// `npm test`: sets up what is missing, then runs every check and every test, and ends with one line of totals.
// All of them run even if one fails. A check that is no test (types, lint, format, build) adds to the failures
// when it fails, so that the totals never look better than the exit code.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { ensureChromium } from "./chromium.mjs";
import { run, runMain, say } from "./console.mjs";
import { ensureRecogniser } from "./recogniser.mjs";
import { setUp } from "./setup.mjs";

const UNIT_REPORT = ".cache/unit.json";
const E2E_REPORT = ".cache/e2e.json";

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

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

  const tests = [unitTotals(), e2eTotals()];
  const failedSteps = steps.filter(({ ok }) => !ok).map(({ name }) => name);
  const sum = (/** @type {keyof Totals} */ key) => tests.reduce((all, one) => all + one[key], 0);
  // A failed step that no failed test accounts for: a check, or a runner that died.
  const accounted = tests.filter(({ failed }) => failed > 0).length;
  const failed = sum("failed") + Math.max(0, failedSteps.length - accounted);
  if (failedSteps.length > 0) say(`failed: ${failedSteps.join(", ")}`);
  const skipped = sum("skipped");
  console.log(
    `${sum("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  );
  process.exitCode = failed > 0 || skipped > 0 ? 1 : 0;
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

/** @returns {Totals} */
function unitTotals() {
  const report = readReport(UNIT_REPORT);
  return {
    passed: report?.numPassedTests ?? 0,
    failed: report?.numFailedTests ?? 0,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  };
}

/** @returns {Totals} */
function e2eTotals() {
  const stats = readReport(E2E_REPORT)?.stats;
  return {
    passed: stats?.expected ?? 0,
    failed: (stats?.unexpected ?? 0) + (stats?.flaky ?? 0),
    skipped: stats?.skipped ?? 0,
  };
}

/** @param {string} file */
function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
