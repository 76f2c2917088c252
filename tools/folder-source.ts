// Model files from a folder on disk, each hashed as it is read. Node only.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { SottoError } from "../src/shared/errors.ts";
import type { FileSource } from "../src/worker/weights/source.ts";

export interface FolderSource extends FileSource {
  /** SHA-256 over the names and contents of all files read so far: says which model a result came from. */
  hash(): string;
}

/** Files in `folder`. Reading one throws SottoError `bad-argument` if the folder itself cannot be read. */
export function folderSource(folder: string): FolderSource {
  const digests = new Map<string, string>();
  return {
    place: folder,
    async read(name, onProgress) {
      const bytes = await readFile(join(folder, name)).catch((cause: unknown) => {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
        const remedy = "Give a folder that holds a model, with --model.";
        throw new SottoError(
          "bad-argument",
          `${join(folder, name)} cannot be read.`,
          remedy,
          cause,
        );
      });
      if (bytes === null) return null;
      digests.set(name, createHash("sha256").update(bytes).digest("hex"));
      onProgress?.({ file: name, loadedBytes: bytes.length, totalBytes: bytes.length });
      // A copy: Node may hand out a view into a larger, shared buffer.
      return new Uint8Array(bytes);
    },
    hash() {
      const lines = [...digests].map(([name, digest]) => `${name} ${digest}\n`).toSorted();
      return createHash("sha256").update(lines.join("")).digest("hex");
    },
  };
}
