// Where a command's files are: a folder, a file in one, a URL, or a Hub repository. Node only.

import { open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { SottoError } from "../src/shared/errors.ts";
import { hubBase, type RangeSource, urlRanges } from "../src/worker/weights/range-source.ts";

export interface Place {
  readonly source: RangeSource;
  /** The one file that was meant, or null for the whole directory. */
  readonly file: string | null;
}

const CHECKPOINT_FILE = /\.(safetensors|gguf)$/i;
const REPOSITORY = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/** What exists on disk is meant; then URLs; then names of repositories. Throws SottoError `bad-argument`. */
export async function openPlace(place: string): Promise<Place> {
  const found = await stat(place).catch(() => null);
  if (found?.isDirectory()) return { source: folderRanges(place), file: null };
  if (found) return { source: folderRanges(dirname(place)), file: basename(place) };
  if (/^https?:\/\//.test(place)) return placeOfUrl(new URL(place));
  if (REPOSITORY.test(place)) return { source: urlRanges(hubBase(place)), file: null };
  throw new SottoError(
    "bad-argument",
    `There is no folder or file ${place}.`,
    "Give a folder, a file, a URL, or a Hub repository (owner/name).",
  );
}

function placeOfUrl(url: URL): Place {
  const { pathname } = url;
  const name = decodeURIComponent(pathname.slice(pathname.lastIndexOf("/") + 1));
  if (!CHECKPOINT_FILE.test(name)) {
    const base = pathname.endsWith("/") ? url : new URL(`${url.href}/`);
    return { source: urlRanges(base.href), file: null };
  }
  return { source: urlRanges(new URL(".", url).href), file: name };
}

/** Files in a folder, read in parts. */
export function folderRanges(folder: string): RangeSource {
  return {
    place: folder,
    async open(name) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (!found?.isFile()) return null;
      return {
        name,
        bytes: found.size,
        async read(begin, end) {
          const handle = await open(path);
          try {
            const part = new Uint8Array(end - begin);
            const { bytesRead } = await handle.read(part, 0, part.length, begin);
            if (bytesRead === part.length) return part;
            throw new SottoError(
              "model-file-truncated",
              `The model file ${name} ended after ${begin + bytesRead} of ${found.size} bytes.`,
              "It changed while it was read; try again.",
            );
          } finally {
            await handle.close();
          }
        },
      };
    },
  };
}
