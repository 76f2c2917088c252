// WAV files in and out: PCM of 8 to 32 bits and float, any rate, any number of channels. Node only.
// Format: RIFF/WAVE, Microsoft "Multiple Channel Audio Data" for WAVE_FORMAT_EXTENSIBLE.

import { SottoError } from "../src/shared/errors.ts";

export interface Wav {
  readonly sampleRate: number;
  /** One array a channel, equally long, nominally -1…1. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
}

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;
/** Limits against nonsense headers, far beyond any real recording. */
const MAX_CHANNELS = 64;
const MIN_RATE = 1_000;
const MAX_RATE = 768_000;
/** Programs that write into a pipe leave the length of the data open with values from here up. */
const OPEN_LENGTH = 0x7fff_0000;

interface Format {
  readonly encoding: "pcm" | "float";
  readonly channels: number;
  readonly sampleRate: number;
  readonly bytesPerSample: number;
}

/** Reads a whole WAV file. Throws SottoError `bad-argument` for anything that is not one that we can read. */
export function parseWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") {
    throw malformed("it does not begin with a RIFF/WAVE header");
  }
  let format: Format | null = null;
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const id = tag(view, at);
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    const available = bytes.byteLength - body;
    if (id === "data") {
      if (format === null) throw malformed('the "data" chunk comes before the "fmt " chunk');
      if (length > available && length < OPEN_LENGTH) {
        throw malformed(`the header promises ${length} bytes of sound, the file has ${available}`);
      }
      return {
        sampleRate: format.sampleRate,
        channels: samples(view, body, Math.min(length, available), format),
      };
    }
    if (length > available) throw malformed(`chunk "${id}" goes beyond the end of the file`);
    if (id === "fmt ") format = parseFormat(view, body, length);
    at = body + length + (length % 2);
  }
  throw malformed(format === null ? 'it has no "fmt " chunk' : 'it has no "data" chunk');
}

/** The mean of all channels. For one channel that channel itself, not a copy. */
export function mixToMono({ channels }: Wav): Float32Array<ArrayBuffer> {
  const [first] = channels;
  if (first !== undefined && channels.length === 1) return first;
  const mono = new Float32Array(first?.length ?? 0);
  for (const channel of channels) {
    for (const [i, sample] of channel.entries())
      mono[i] = (mono[i] ?? 0) + sample / channels.length;
  }
  return mono;
}

/** A 16-bit PCM file. Samples beyond ±1 are clipped; shorter channels are filled up with silence. */
export function formatWav({ sampleRate, channels }: Wav): Uint8Array<ArrayBuffer> {
  const frames = Math.max(0, ...channels.map((channel) => channel.length));
  const blockBytes = channels.length * 2;
  const dataBytes = frames * blockBytes;
  const bytes = new Uint8Array(44 + dataBytes);
  const view = new DataView(bytes.buffer);
  putTag(bytes, 0, "RIFF");
  view.setUint32(4, 36 + dataBytes, true);
  putTag(bytes, 8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, 16, true);
  putTag(bytes, 36, "data");
  view.setUint32(40, dataBytes, true);
  for (const [c, channel] of channels.entries()) {
    for (const [i, sample] of channel.entries()) {
      const clipped = Math.max(-1, Math.min(1, sample));
      view.setInt16(44 + i * blockBytes + c * 2, Math.round(clipped * 32_767), true);
    }
  }
  return bytes;
}

function parseFormat(view: DataView, at: number, length: number): Format {
  if (length < 16) throw malformed(`its "fmt " chunk has ${length} bytes, at least 16 are needed`);
  let code = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const blockBytes = view.getUint16(at + 12, true);
  const bits = view.getUint16(at + 14, true);
  // The extensible form keeps the real code in the first two bytes of a GUID.
  if (code === FORMAT_EXTENSIBLE && length >= 40) code = view.getUint16(at + 24, true);
  const encoding = code === FORMAT_PCM ? "pcm" : code === FORMAT_FLOAT ? "float" : null;
  const readable = encoding === "pcm" ? [8, 16, 24, 32] : [32, 64];
  if (encoding === null || !readable.includes(bits)) {
    throw malformed(
      `format code ${code} with ${bits} bits is not one of PCM 8, 16, 24, 32 and float 32, 64`,
    );
  }
  if (channels < 1 || channels > MAX_CHANNELS) throw malformed(`it claims ${channels} channels`);
  if (sampleRate < MIN_RATE || sampleRate > MAX_RATE)
    throw malformed(`it claims ${sampleRate} samples a second`);
  if (blockBytes !== (channels * bits) / 8) {
    throw malformed(
      `${channels} channels of ${bits} bits do not make blocks of ${blockBytes} bytes`,
    );
  }
  return { encoding, channels, sampleRate, bytesPerSample: bits / 8 };
}

function samples(
  view: DataView,
  at: number,
  length: number,
  format: Format,
): Float32Array<ArrayBuffer>[] {
  const { channels, bytesPerSample } = format;
  const read = reader(view, format);
  const blockBytes = channels * bytesPerSample;
  const frames = Math.floor(length / blockBytes);
  return Array.from({ length: channels }, (_, c) => {
    const channel = new Float32Array(frames);
    for (let i = 0; i < frames; i++) {
      const sample = read(at + i * blockBytes + c * bytesPerSample);
      if (!Number.isFinite(sample)) throw malformed(`sample ${i} is not a number`);
      channel[i] = sample;
    }
    return channel;
  });
}

function reader(view: DataView, { encoding, bytesPerSample }: Format): (at: number) => number {
  if (encoding === "float") {
    return bytesPerSample === 4
      ? (at) => view.getFloat32(at, true)
      : (at) => view.getFloat64(at, true);
  }
  switch (bytesPerSample) {
    case 1: // The one unsigned width.
      return (at) => (view.getUint8(at) - 128) / 2 ** 7;
    case 2:
      return (at) => view.getInt16(at, true) / 2 ** 15;
    case 3:
      return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
    default:
      return (at) => view.getInt32(at, true) / 2 ** 31;
  }
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function putTag(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function malformed(why: string): SottoError {
  return new SottoError(
    "bad-argument",
    `This WAV file cannot be read: ${why}.`,
    "Convert it to an ordinary WAV, for example with `ffmpeg -i IN -c:a pcm_s16le OUT.wav`.",
  );
}
