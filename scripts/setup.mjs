// Everything that a fresh clone needs before it can be built: dependencies, ONNX Runtime's files, the model.
// Each step looks first and does nothing when its work is done. Plain Node: runs before `npm ci` has.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, runMain, say, SetupError } from "./console.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The builds that src/worker/runtime/ort.ts chooses from: CPU, WebGPU with JSPI, WebGPU without. */
const ORT_BUILDS = ["", ".jspi", ".asyncify"];

/** The embedded model; a directory in the format that src/worker/weights reads. */
const MODEL = "public/models/wren";

/** All steps, in order. */
export function setUp() {
  process.chdir(ROOT);
  installDependencies();
  copyOrt();
  checkModel();
}

function installDependencies() {
  if (dependenciesMatchLock()) return;
  say("installing dependencies (npm ci)");
  if (!run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
    throw new SetupError("npm ci failed; its output above says why. Then run the command again.");
}

/** Whether node_modules holds every package of the lock file in the locked version. */
function dependenciesMatchLock() {
  const installedFile = "node_modules/.package-lock.json";
  if (!existsSync(installedFile)) return false;
  const locked = packagesOf("package-lock.json");
  const installed = packagesOf(installedFile);
  return Object.entries(locked).every(([path, { version, optional }]) => {
    const found = installed[path];
    return path === "" || (found ? found.version === version : optional === true);
  });
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

/** ONNX Runtime's loader and WebAssembly, served from our own origin and never from a CDN. */
function copyOrt() {
  mkdirSync("public/ort", { recursive: true });
  for (const build of ORT_BUILDS)
    for (const extension of ["mjs", "wasm"]) {
      const name = `ort-wasm-simd-threaded${build}.${extension}`;
      const source = join("node_modules/onnxruntime-web/dist", name);
      const target = join("public/ort", name);
      if (!isSameCopy(source, target)) copyFileSync(source, target);
    }
}

/**
 * @param {string} source
 * @param {string} target
 */
function isSameCopy(source, target) {
  if (!existsSync(target)) return false;
  const [from, to] = [statSync(source), statSync(target)];
  return from.size === to.size && to.mtimeMs >= from.mtimeMs;
}

/** The files that the model's manifest lists, each with the size and SHA-256 that it states. */
function checkModel() {
  const manifest = join(MODEL, "manifest.json");
  const repair = `The model is part of the repository: run "git checkout -- ${MODEL}".`;
  if (!existsSync(manifest)) throw new SetupError(`${manifest} is missing. ${repair}`);
  /** @type {{ files: { name: string, bytes: number, sha256: string }[] }} */
  const { files } = JSON.parse(readFileSync(manifest, "utf8"));
  for (const { name, bytes, sha256 } of files) {
    const file = join(MODEL, name);
    if (!existsSync(file)) throw new SetupError(`${file} is missing. ${repair}`);
    const data = readFileSync(file);
    if (data.length !== bytes || createHash("sha256").update(data).digest("hex") !== sha256)
      throw new SetupError(`${file} is not the file that its manifest describes. ${repair}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(setUp);
