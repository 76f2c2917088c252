import { describe, expect, it } from "vitest";
import { addUp, playwrightTotals, totalsLine, vitestTotals } from "./totals.mjs";

describe("the totals of npm test", () => {
  const unit = vitestTotals({
    numPassedTests: 90,
    numFailedTests: 2,
    numPendingTests: 1,
    numTodoTests: 0,
  });
  const e2e = playwrightTotals({ stats: { expected: 9, unexpected: 0, flaky: 0, skipped: 0 } });

  it("add up both runners", () => {
    expect(totalsLine(addUp([unit, e2e], 1))).toBe("99 passed, 2 failed, 1 skipped");
  });

  it("count a failed check and a runner that died as failures", () => {
    const passing = { passed: 5, failed: 0, skipped: 0 };
    expect(totalsLine(addUp([passing, e2e], 1))).toBe("14 passed, 1 failed");
    expect(totalsLine(addUp([unit, playwrightTotals(undefined)], 3))).toBe(
      "90 passed, 4 failed, 1 skipped",
    );
  });

  it("count a test that passed only when repeated as failed", () => {
    const stats = { expected: 3, unexpected: 0, flaky: 1, skipped: 0 };
    expect(playwrightTotals({ stats })).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });
});
