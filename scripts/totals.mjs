// Adds up what the test runners report. Pure.

/** @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Totals */

/** A runner that died before it could report. */
const NOTHING = { passed: 0, failed: 0, skipped: 0 };

/**
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number } | undefined} report
 *   what vitest's JSON reporter wrote; undefined when it wrote nothing
 * @returns {Totals}
 */
export function vitestTotals(report) {
  if (report === undefined) return NOTHING;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } } | undefined} report
 *   what Playwright's JSON reporter wrote; undefined when it wrote nothing
 * @returns {Totals}
 */
export function playwrightTotals(report) {
  if (report === undefined) return NOTHING;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected, failed: unexpected + flaky, skipped };
}

/**
 * All totals as one. A failed step that no failed test accounts for (a check that is no test, or a runner that died)
 * adds one to the failures, so that the totals never look better than the exit code.
 * @param {readonly Totals[]} tests
 * @param {number} failedSteps
 * @returns {Totals}
 */
export function addUp(tests, failedSteps) {
  const sum = (/** @type {keyof Totals} */ key) => tests.reduce((all, one) => all + one[key], 0);
  const accounted = tests.filter(({ failed }) => failed > 0).length;
  return {
    passed: sum("passed"),
    failed: sum("failed") + Math.max(0, failedSteps - accounted),
    skipped: sum("skipped"),
  };
}

/**
 * The last line of `npm test`.
 * @param {Totals} totals
 */
export function totalsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
