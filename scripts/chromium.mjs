// Finds a Chromium for the end-to-end tests, and gets one where there is none. Plain Node.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { aptInstall, canUseApt, run, say, SetupError } from "./console.mjs";

/** Tried in this order; a name without a slash is looked up on the PATH. */
const CANDIDATES = [
  process.env["SOTTO_CHROMIUM"],
  process.env["CHROME"],
  "/usr/bin/chromium",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * A Chromium that starts. Tries what is installed, then Playwright's download, then apt-get.
 * @returns {Promise<string>} its path
 */
export async function ensureChromium() {
  const installed = findInstalled() ?? (await findPlaywrights());
  if (installed) return installed;
  say("no Chromium found; downloading Playwright's");
  if (run("npx", ["playwright", "install", "chromium"], { timeoutMs: DOWNLOAD_TIMEOUT_MS })) {
    const downloaded = await findPlaywrights();
    if (downloaded) return downloaded;
  }
  if (canUseApt() && aptInstall(["chromium"])) {
    const packaged = findInstalled();
    if (packaged) return packaged;
  }
  throw new SetupError(
    "no Chromium could be found or installed. Install Chromium or Chrome, or set SOTTO_CHROMIUM to the path of one.",
  );
}

/**
 * A browser that is already there.
 * @returns {string | undefined} its absolute path
 */
export function findInstalled() {
  const paths = CANDIDATES.flatMap((candidate) => {
    if (candidate === undefined) return [];
    return /[\\/]/.test(candidate) ? [candidate] : onPath(candidate);
  });
  return paths.find((path) => existsSync(path) && starts(path));
}

/** @param {string} command */
function onPath(command) {
  return (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, command));
}

async function findPlaywrights() {
  const { chromium } = await import("@playwright/test");
  const path = chromium.executablePath();
  return existsSync(path) && starts(path) ? path : undefined;
}

/** @param {string} command */
function starts(command) {
  // Chrome for Windows opens a window on --version instead of answering.
  if (process.platform === "win32") return existsSync(command);
  return run(command, ["--version"], { quiet: true, timeoutMs: 30_000 });
}
