// Checks files against a model directory's manifest.json: sizes and SHA-256. Pure but for Web Crypto; runs anywhere.

import { SottoError } from "../../shared/errors.ts";

/** One file of a manifest. */
export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Limit against hostile input. */
export const MAX_MANIFEST_FILES = 4_096;

/** Reads `{files: [{name, bytes, sha256}]}`. Throws SottoError `model-file-malformed`. */
export function parseManifest(json: unknown): ReadonlyMap<string, ManifestFile> {
  const files: unknown = (json as { files?: unknown } | null)?.files;
  if (!isManifestFiles(files))
    throw new SottoError(
      "model-file-malformed",
      "The model's manifest.json is not a list of files with name, bytes and sha256.",
      "Download the model again, or choose another one.",
    );
  return new Map(files.map((file) => [file.name, file]));
}

/**
 * Throws unless `bytes` is the file that the manifest describes.
 * @throws SottoError `model-file-truncated` when it is shorter, `model-file-malformed` when it differs otherwise.
 */
export async function verifyFile(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ManifestFile,
): Promise<void> {
  const remedy = "Start again to download it once more.";
  const { name } = expected;
  if (bytes.length < expected.bytes)
    throw new SottoError(
      "model-file-truncated",
      `The model file ${name} has ${bytes.length} of ${expected.bytes} bytes.`,
      remedy,
    );
  if (bytes.length !== expected.bytes || (await sha256(bytes)) !== expected.sha256)
    throw new SottoError(
      "model-file-malformed",
      `The model file ${name} is not the one that its manifest describes.`,
      remedy,
    );
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isManifestFiles(value: unknown): value is ManifestFile[] {
  return Array.isArray(value) && value.length <= MAX_MANIFEST_FILES && value.every(isManifestFile);
}

function isManifestFile(value: unknown): value is ManifestFile {
  const file = value as Partial<ManifestFile> | null;
  return (
    typeof file?.name === "string" &&
    Number.isSafeInteger(file.bytes) &&
    typeof file.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(file.sha256)
  );
}
