// End-to-end tests: the built page in a real Chromium, served by `vite preview` on loopback, one test at a time.

import { defineConfig } from "@playwright/test";

/** Not the port of `npm start`, which may be running. */
const PORT = 4174;
const ORIGIN = `http://localhost:${PORT}`;

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  // Real-time audio on two cores: a second page beside it would be measured too.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  reporter: [
    ["list"],
    ["json", { outputFile: process.env["PLAYWRIGHT_JSON_OUTPUT_FILE"] ?? ".cache/e2e.json" }],
  ],
  use: { baseURL: ORIGIN, trace: "off", screenshot: "only-on-failure" },
  webServer: {
    command: `node node_modules/vite/bin/vite.js preview --port ${PORT}`,
    url: ORIGIN,
    reuseExistingServer: false,
    timeout: 30_000,
  },
});
