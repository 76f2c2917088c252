// Files of a model read in parts, so that a header costs a few hundred kilobytes and not the file. Runs anywhere.

import { SottoError } from "../../shared/errors.ts";

/** One file, open. */
export interface RangeFile {
  readonly name: string;
  readonly bytes: number;
  /** Bytes [begin, end), owned by the caller. Throws SottoError `network-failed` or `model-file-truncated`. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Files of one model directory, by name. */
export interface RangeSource {
  /** For messages: the directory's address. */
  readonly place: string;
  /** null when the directory has no such file. */
  open(name: string): Promise<RangeFile | null>;
}

/** What opening a file over the network reads of it: nearly every header, and whole small files. */
const FIRST_BYTES = 256 * 1024;

/** The address of a repository on the Hub, "owner/name". */
export function hubBase(repository: string): string {
  return `https://huggingface.co/${repository}/resolve/main/`;
}

/** Files below `base`, a URL that ends in "/", from a server that answers range requests. */
export function urlRanges(base: string): RangeSource {
  return { place: base, open: (name) => openUrl(new URL(name, base), name) };
}

async function openUrl(url: URL, name: string): Promise<RangeFile | null> {
  const response = await request(url, name, 0, FIRST_BYTES);
  const absent = response.status === 404 || response.status === 410;
  // A single-page server answers unknown paths with its index page.
  if (absent || response.headers.get("content-type")?.startsWith("text/html")) {
    await response.body?.cancel();
    return null;
  }
  // The range of an empty file cannot be satisfied.
  if (response.status === 416) return fileFrom(name, 0, new Uint8Array(), url);
  const bytes = await sizeOf(response, name);
  const first = await readAtMost(response, name, Math.min(bytes, FIRST_BYTES));
  return fileFrom(name, bytes, first, url);
}

function fileFrom(
  name: string,
  bytes: number,
  first: Uint8Array<ArrayBuffer>,
  url: URL,
): RangeFile {
  return {
    name,
    bytes,
    async read(begin, end) {
      if (end <= first.length) return first.slice(begin, end);
      const response = await request(url, name, begin, end);
      if (response.status !== 206) throw await refused(response, name);
      return readAtMost(response, name, end - begin);
    },
  };
}

function request(url: URL, name: string, begin: number, end: number): Promise<Response> {
  return fetch(url, { headers: { Range: `bytes=${begin}-${end - 1}` } }).catch((cause: unknown) => {
    throw failed(name, "the connection failed", cause);
  });
}

/** Bytes of the whole file, from the answer to a range request. */
async function sizeOf(response: Response, name: string): Promise<number> {
  if (response.status === 206) {
    const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
    const bytes = Number(total ?? NaN);
    if (Number.isSafeInteger(bytes)) return bytes;
    await response.body?.cancel();
    throw failed(name, "the server does not tell the file's size");
  }
  // A server may send a small file whole, whatever was asked for.
  const stated = response.headers.has("content-encoding")
    ? NaN
    : Number(response.headers.get("content-length") ?? NaN);
  if (response.status === 200 && stated <= FIRST_BYTES) return stated;
  throw await refused(response, name);
}

async function refused(response: Response, name: string): Promise<SottoError> {
  await response.body?.cancel();
  if (response.status === 200) return failed(name, "the server does not answer range requests");
  return failed(name, `the server answered ${response.status}`);
}

/** Exactly `bytes` bytes of the body; a server that sends more is cut off there. */
async function readAtMost(
  response: Response,
  name: string,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const part = new Uint8Array(bytes);
  let position = 0;
  try {
    // Safari's streams cannot be iterated with `for await`.
    const reader = response.body?.getReader();
    while (reader && position < bytes) {
      const { value } = await reader.read();
      if (!value) break;
      part.set(value.subarray(0, bytes - position), position);
      position += value.length;
    }
    await reader?.cancel();
  } catch (cause) {
    throw failed(name, `the connection broke after ${position} bytes`, cause);
  }
  if (position >= bytes) return part;
  throw new SottoError(
    "model-file-truncated",
    `The model file ${name} ended after ${position} of ${bytes} bytes.`,
    "Start again to download it once more.",
  );
}

function failed(name: string, reason: string, cause?: unknown): SottoError {
  return new SottoError(
    "network-failed",
    `The model file ${name} could not be read: ${reason}.`,
    "Check the address and the connection and start again.",
    cause,
  );
}
