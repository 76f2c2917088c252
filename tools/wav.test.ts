import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { SottoError } from "../src/shared/errors.ts";
import { formatWav, mixToMono, parseWav } from "./wav.ts";

const channel = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 50 })
  .map((samples) => Float32Array.from(samples));

/** A file from its chunks, with honest lengths unless `lengths` says otherwise. */
function riff(
  chunks: readonly (readonly [id: string, body: Uint8Array, length?: number])[],
): Uint8Array {
  const parts = chunks.map(([id, body, length = body.length]) => {
    const part = new Uint8Array(8 + body.length + (body.length % 2));
    part.set(new TextEncoder().encode(id));
    new DataView(part.buffer).setUint32(4, length, true);
    part.set(body, 8);
    return part;
  });
  const header = new TextEncoder().encode("RIFF\0\0\0\0WAVE");
  const bytes = new Uint8Array(header.length + parts.reduce((sum, part) => sum + part.length, 0));
  bytes.set(header);
  let at = header.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function fmt(
  code: number,
  channels: number,
  rate: number,
  bits: number,
  extensible = false,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(extensible ? 40 : 16));
  view.setUint16(0, extensible ? 0xfffe : code, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rate, true);
  view.setUint32(8, (rate * channels * bits) / 8, true);
  view.setUint16(12, (channels * bits) / 8, true);
  view.setUint16(14, bits, true);
  if (extensible) view.setUint16(24, code, true);
  return new Uint8Array(view.buffer);
}

function encode(values: readonly number[], bits: number, float: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer((values.length * bits) / 8));
  for (const [i, value] of values.entries()) {
    const at = (i * bits) / 8;
    const integer = Math.round(value * 2 ** (bits - 1));
    if (float && bits === 32) view.setFloat32(at, value, true);
    else if (float) view.setFloat64(at, value, true);
    else if (bits === 8) view.setUint8(at, integer + 128);
    else if (bits === 16) view.setInt16(at, integer, true);
    else if (bits === 32) view.setInt32(at, integer, true);
    else
      for (let byte = 0; byte < 3; byte++) view.setUint8(at + byte, (integer >> (8 * byte)) & 255);
  }
  return new Uint8Array(view.buffer);
}

describe("WAV", () => {
  test.prop([
    fc.array(channel, { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1_000, max: 192_000 }),
  ])("what is written is read back to 16 bits", (channels, sampleRate) => {
    const back = parseWav(formatWav({ sampleRate, channels }));
    expect(back.sampleRate).toBe(sampleRate);
    expect(back.channels).toHaveLength(channels.length);
    for (const [c, original] of channels.entries()) {
      for (const [i, sample] of original.entries()) {
        expect(back.channels[c]?.[i]).toBeCloseTo(sample * (32_767 / 32_768), 4);
      }
    }
  });

  test.each([
    [8, false],
    [16, false],
    [24, false],
    [32, false],
    [32, true],
    [64, true],
  ])("reads %i bits, float %s, plain and extensible, past unknown odd chunks", (bits, float) => {
    const values = [0, 0.5, -0.5, -1, 0.25, -0.25];
    for (const extensible of [false, true]) {
      const wav = parseWav(
        riff([
          ["LIST", Uint8Array.of(1, 2, 3)],
          ["fmt ", fmt(float ? 3 : 1, 2, 48_000, bits, extensible)],
          ["data", encode(values, bits, float)],
        ]),
      );
      expect(wav.sampleRate).toBe(48_000);
      expect([...(wav.channels[0] ?? [])]).toEqual([0, -0.5, 0.25]);
      expect([...mixToMono(wav)]).toEqual([0.25, -0.75, 0]);
    }
  });

  test("clips when writing and fills the shorter channel with silence", () => {
    const wav = parseWav(
      formatWav({
        sampleRate: 24_000,
        channels: [Float32Array.of(2, -2), Float32Array.of(0.5)],
      }),
    );
    expect(wav.channels[0]?.[0]).toBeCloseTo(1, 3);
    expect(wav.channels[0]?.[1]).toBeCloseTo(-1, 3);
    expect(wav.channels[1]?.[1]).toBe(0);
  });

  test("takes what is there when a pipe left the length open", () => {
    const data = encode([0.5, -0.5], 16, false);
    const wav = parseWav(
      riff([
        ["fmt ", fmt(1, 1, 8_000, 16)],
        ["data", data, 0xffff_ffff],
      ]),
    );
    expect([...(wav.channels[0] ?? [])]).toEqual([0.5, -0.5]);
  });

  const good = fmt(1, 1, 24_000, 16);
  const sound = new Uint8Array(20);
  test.each([
    ["empty", new Uint8Array(0), /RIFF/],
    ["text", new TextEncoder().encode("this is not a WAV file"), /RIFF/],
    ["no fmt", riff([]), /no "fmt " chunk/],
    ["no data", riff([["fmt ", good]]), /no "data" chunk/],
    ["data first", riff([["data", sound]]), /before the "fmt " chunk/],
    [
      "cut off",
      riff([
        ["fmt ", good],
        ["data", sound, 4_000],
      ]),
      /promises 4000 bytes of sound, the file has 20/,
    ],
    [
      "short fmt",
      riff([
        ["fmt ", good.slice(0, 10)],
        ["data", sound],
      ]),
      /10 bytes/,
    ],
    ["chunk too long", riff([["LIST", sound, 9_999]]), /beyond the end/],
    [
      "compressed",
      riff([
        ["fmt ", fmt(85, 1, 24_000, 16)],
        ["data", sound],
      ]),
      /format code 85/,
    ],
    [
      "12 bits",
      riff([
        ["fmt ", fmt(1, 2, 24_000, 12)],
        ["data", sound],
      ]),
      /12 bits/,
    ],
    [
      "no channels",
      riff([
        ["fmt ", fmt(1, 0, 24_000, 16)],
        ["data", sound],
      ]),
      /0 channels/,
    ],
    [
      "no rate",
      riff([
        ["fmt ", fmt(1, 1, 0, 16)],
        ["data", sound],
      ]),
      /0 samples a second/,
    ],
    [
      "NaN",
      riff([
        ["fmt ", fmt(3, 1, 24_000, 32)],
        ["data", encode([NaN], 32, true)],
      ]),
      /not a number/,
    ],
  ])("refuses a file that is wrong: %s", (_name, bytes, message) => {
    expect(() => parseWav(bytes)).toThrow(message);
    expect(() => parseWav(bytes)).toThrow(SottoError);
  });

  test.prop([channel, fc.array(fc.tuple(fc.nat(99), fc.nat(255)), { maxLength: 8 }), fc.nat(150)])(
    "any damage gives samples or a SottoError, nothing else",
    (samples, damage, length) => {
      const bytes = formatWav({ sampleRate: 24_000, channels: [samples] });
      for (const [at, value] of damage) bytes[at] = value;
      try {
        const wav = parseWav(bytes.slice(0, length));
        for (const each of wav.channels) expect(each.every(Number.isFinite)).toBe(true);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(SottoError);
      }
    },
  );
});
