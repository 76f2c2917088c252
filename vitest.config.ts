// Unit tests: pure logic, in Node, beside the source. What needs a browser is in e2e/.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "tools/**/*.test.ts", "scripts/**/*.test.ts", "e2e/**/*.test.ts"],
    // Inference and property tests on two cores beside a linter and a build.
    testTimeout: 60_000,
    passWithNoTests: false,
    allowOnly: false,
  },
});
