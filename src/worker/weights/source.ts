// Where the files of a model come from. The URL source is the only code of the program that talks to the network.

import { SottoError } from "../../shared/errors.ts";
import type { FileProgress } from "../../shared/protocol.ts";

/** Called often while a file is read. */
export type OnProgress = (progress: FileProgress) => void;

/** Files of one model directory, by name. */
export interface FileSource {
  /** For messages: the directory's address. */
  readonly place: string;
  /**
   * A whole file, owned by the caller; null when the directory has no such file.
   * @throws SottoError `network-failed` or `model-file-truncated`.
   */
  read(name: string, onProgress?: OnProgress): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Largest file that is read into one array; a published 7B needs a streaming loader. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Files below `base`, a URL that ends in "/". */
export function urlSource(base: string): FileSource {
  return {
    place: base,
    read: (name, onProgress) => fetchFile(new URL(name, base), name, onProgress),
  };
}

/** Files that are in memory already. */
export function memorySource(
  place: string,
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): FileSource {
  return { place, read: async (name) => files.get(name) ?? null };
}

async function fetchFile(
  url: URL,
  name: string,
  onProgress: OnProgress | undefined,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw networkFailed(name, "the connection failed", cause);
  });
  if (response.status === 404 || response.status === 410) return null;
  if (!response.ok) throw networkFailed(name, `the server answered ${response.status}`);
  // A single-page server answers unknown paths with its index page.
  if (response.headers.get("content-type")?.startsWith("text/html")) return null;
  return readBody(response, name, onProgress);
}

async function readBody(
  response: Response,
  name: string,
  onProgress: OnProgress | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  // With a content encoding, content-length counts compressed bytes and says nothing about the file's size.
  const encoded = response.headers.has("content-encoding");
  const stated = encoded ? 0 : Number(response.headers.get("content-length") ?? 0);
  if (stated > MAX_FILE_BYTES) throw tooLarge(name);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const report = (total: number): void => {
    onProgress?.({ file: name, loadedBytes: loaded, totalBytes: total });
  };
  report(stated);
  try {
    // Safari's streams cannot be iterated with `for await`.
    const reader = response.body?.getReader();
    let part = await reader?.read();
    for (; part?.value; part = await reader?.read()) {
      chunks.push(part.value);
      loaded += part.value.length;
      if (loaded > MAX_FILE_BYTES) throw tooLarge(name);
      report(Math.max(stated, loaded));
    }
  } catch (cause) {
    if (cause instanceof SottoError) throw cause;
    throw networkFailed(name, `the connection broke after ${loaded} bytes`, cause);
  }
  if (stated > loaded)
    throw new SottoError(
      "model-file-truncated",
      `The model file ${name} ended after ${loaded} of ${stated} bytes.`,
      "Start again to download it once more.",
    );
  report(loaded);
  return join(chunks, loaded);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    file.set(chunk, position);
    position += chunk.length;
  }
  return file;
}

function networkFailed(name: string, reason: string, cause?: unknown): SottoError {
  return new SottoError(
    "network-failed",
    `The model file ${name} could not be downloaded: ${reason}.`,
    "Check the connection and start again.",
    cause,
  );
}

function tooLarge(name: string): SottoError {
  return new SottoError(
    "model-unsupported",
    `The model file ${name} is larger than ${MAX_FILE_BYTES} bytes.`,
    "Choose a smaller model.",
  );
}
