// How the scripts talk and run commands. Plain Node: runs before any dependency is installed.

import { spawnSync } from "node:child_process";

/** A set-up step that cannot be done by itself; the message says what to do by hand. */
export class SetupError extends Error {}

/** @param {string} text */
export function say(text) {
  console.log(`sotto: ${text}`);
}

/**
 * Runs a command to its end with its output shown.
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {{ env?: Record<string, string>, timeoutMs?: number, quiet?: boolean }} [options]
 * @returns {boolean} whether it exited with 0
 */
export function run(command, parameters, { env = {}, timeoutMs, quiet = false } = {}) {
  const { status } = spawnSync(command, parameters, {
    stdio: ["ignore", quiet ? "ignore" : "inherit", quiet ? "ignore" : "inherit"],
    env: { ...process.env, ...env },
    // npm and npx are .cmd files on Windows, which only a shell starts.
    shell: process.platform === "win32",
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  return status === 0;
}

/** Whether this process may install Debian packages. */
export function canUseApt() {
  return (
    process.platform === "linux" &&
    process.getuid?.() === 0 &&
    run("apt-get", ["--version"], { quiet: true })
  );
}

/**
 * @param {readonly string[]} packages
 * @returns {boolean} whether they are installed now
 */
export function aptInstall(packages) {
  say(`installing ${packages.join(", ")} with apt-get`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-q"], { env });
  return run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], { env });
}

/**
 * Runs a script's main function; a SetupError becomes its message and exit code 1.
 * @param {() => void | Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (thrown) {
    if (!(thrown instanceof SetupError)) throw thrown;
    console.error(`sotto: ${thrown.message}`);
    process.exitCode = 1;
  }
}
