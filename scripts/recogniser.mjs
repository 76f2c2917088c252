// The independent speech recogniser of the end-to-end tests: pocketsphinx in a Python environment under .cache.
// Plain Node. e2e/recognise.py is what runs in it.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { aptInstall, canUseApt, run, say, SetupError } from "./console.mjs";

const REQUIREMENTS = "training/requirements-eval.txt";
const ENVIRONMENT = ".cache/recogniser";
const STAMP = `${ENVIRONMENT}/requirements.sha256`;
/** The Python of the environment, from the repository root. */
export const PYTHON =
  process.platform === "win32" ? `${ENVIRONMENT}/Scripts/python.exe` : `${ENVIRONMENT}/bin/python`;

/**
 * Makes the environment unless it is there and made of the same requirements.
 * @returns {string} the path of its Python
 */
export function ensureRecogniser() {
  const wanted = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return PYTHON;
  say(`making a Python environment for the speech recogniser in ${ENVIRONMENT}`);
  mkdirSync(".cache", { recursive: true });
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  makeEnvironment();
  const parameters = [
    "-m",
    "pip",
    "install",
    "-q",
    "--disable-pip-version-check",
    "-r",
    REQUIREMENTS,
  ];
  if (!run(PYTHON, parameters))
    throw new SetupError(`pip could not install ${REQUIREMENTS}; its output above says why.`);
  writeFileSync(STAMP, wanted);
  return PYTHON;
}

function makeEnvironment() {
  const make = () => run("python3", ["-m", "venv", ENVIRONMENT]);
  if (make()) return;
  if (canUseApt() && aptInstall(["python3", "python3-venv"])) {
    rmSync(ENVIRONMENT, { recursive: true, force: true });
    if (make()) return;
  }
  throw new SetupError(
    "the tests need Python 3.10 or newer with venv (on Debian and Ubuntu: apt-get install python3 python3-venv).",
  );
}
