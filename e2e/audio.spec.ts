// The audio path by itself, in real Chromium with a fake microphone: what the caller says reaches the worker whole and in
// order, and what the worker sends back leaves the speaker worklet sample for sample. A loopback worker stands in for the
// model.

import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { ViteDevServer } from "vite";
import { FRAME_SAMPLES, SAMPLE_RATE } from "../src/shared/frame.ts";
import type { VoiceSource } from "../src/ui/audio/voice-io.ts";
import { mixToMono, parseWav } from "../tools/wav.ts";
import { HARNESS_URL, serveHarness } from "./audio/serve.ts";
import { expect, test } from "./support/browser.ts";
import { readRecording, tapVoices } from "./support/recording.ts";

const CALLER = "large-latte";
const CALLER_FILE = `fixtures/callers/${CALLER}.wav`;
/** Long enough for the caller to have spoken and for silence to have come back. */
const LISTEN_MS = 5_000;

// Real time on a machine that may have other work: where that stalls a thread for longer than the margin, the buffer
// rightly drops or fades, and the samples are no longer those that were sent.
test.describe.configure({ retries: 2 });

let server: ViteDevServer;
test.beforeAll(async () => {
  server = await serveHarness();
});
test.afterAll(() => server.close());

async function start(page: Page, source?: VoiceSource): Promise<void> {
  if (page.url() !== HARNESS_URL) await page.goto(HARNESS_URL);
  await page.evaluate((wanted) => {
    if (wanted !== undefined) window.harness.source = wanted;
  }, source);
  await page.getByRole("button").click();
  await expectState(page, "open");
}

async function expectState(page: Page, state: string): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.harness.state)).toBe(state);
}

interface Frame {
  readonly index: number;
  readonly contextTime: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

async function framesOf(page: Page): Promise<Frame[]> {
  const frames = await page.evaluate(() => window.harness.frames());
  return frames.map(({ samples, ...frame }) => ({
    ...frame,
    samples: new Float32Array(Uint8Array.from(Buffer.from(samples, "base64")).buffer),
  }));
}

function join(frames: readonly Frame[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(frames.length * FRAME_SAMPLES);
  frames.forEach(({ samples }, number) => whole.set(samples, number * FRAME_SAMPLES));
  return whole;
}

/** Every frame, none missing, 80 ms of the context's clock apart. */
function expectContiguous(frames: readonly Frame[]): void {
  expect(frames.length).toBeGreaterThan(10);
  frames.forEach(({ index, contextTime, samples }, number) => {
    expect(index).toBe(number);
    expect(samples).toHaveLength(FRAME_SAMPLES);
    const since = contextTime - frames[0]!.contextTime;
    expect(Math.abs(since - (number * FRAME_SAMPLES) / SAMPLE_RATE)).toBeLessThan(1e-3);
  });
}

const energyOf = (samples: Float32Array): number =>
  samples.reduce((sum, sample) => sum + sample * sample, 0);

/** Sum of squares of the caller's words, as samples at 24 kHz. */
async function callerEnergy(): Promise<number> {
  const wav = parseWav(await readFile(new URL(CALLER_FILE, import.meta.url)));
  return energyOf(mixToMono(wav)) * (SAMPLE_RATE / wav.sampleRate);
}

const decibels = (ratio: number): number => 10 * Math.log10(ratio);

test.describe("a microphone", () => {
  test.use({ microphone: [1.5, CALLER, 60] });

  test("reaches the worker whole and comes out of the speaker as it was sent", async ({ page }) => {
    await tapVoices(page);
    await start(page);
    expect(await page.evaluate(() => window.harness.voice.contextRate)).toBe(SAMPLE_RATE);
    await page.waitForTimeout(LISTEN_MS);
    const frames = await framesOf(page);
    const { speaker, stats } = await readRecording(page);

    expectContiguous(frames);
    const sent = join(frames);
    expect(Math.abs(decibels(energyOf(sent) / (await callerEnergy())))).toBeLessThan(3);

    // Where in the recording a loud stretch of what was sent came out, sample for sample.
    const loudest = frames.toSorted((a, b) => energyOf(b.samples) - energyOf(a.samples))[0]!;
    const place = find(speaker, loudest.samples);
    expect(place, "the loudest frame came out").toBeGreaterThan(0);
    const offset = place - loudest.index * FRAME_SAMPLES;
    const compared = Math.min(sent.length, speaker.length - offset) - FRAME_SAMPLES;
    expect(compared).toBeGreaterThan(2 * SAMPLE_RATE);
    const first = Math.max(0, -offset) + FRAME_SAMPLES;
    const wrong = sent
      .subarray(first, compared)
      .findIndex((sample, n) => sample !== speaker[offset + first + n]);
    expect(wrong, "every sample came out, in order and unchanged").toBe(-1);

    expect(stats).toMatchObject({ underruns: 0, droppedSamples: 0 });
    const micStats = await page.evaluate(() => window.harness.micStats);
    expect(micStats?.capturedFrames).toBeGreaterThan(30);
  });

  test("muted, sends zeros and goes on counting", async ({ page }) => {
    await start(page);
    await page.evaluate(() => window.harness.voice.setMuted(true));
    await page.waitForTimeout(LISTEN_MS);
    const frames = await framesOf(page);
    expectContiguous(frames);
    // The wish may arrive a frame after the start, long before the caller speaks.
    const muted = frames.slice(5);
    expect(muted.every(({ samples }) => samples.every((sample) => sample === 0))).toBe(true);
    const heard = await page.evaluate(() => ({
      stats: window.harness.micStats?.level,
      meter: window.harness.voice.levels().mic,
    }));
    expect(heard).toEqual({ stats: 0, meter: 0 });
  });

  test("that is allowed only after the talk was ended is released at once", async ({ page }) => {
    await page.addInitScript(() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      const allowed = Promise.withResolvers<void>();
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        await allowed.promise;
        const stream = await open(constraints);
        Object.assign(window, { track: stream.getAudioTracks()[0] });
        return stream;
      };
      Object.assign(window, { allow: allowed.resolve });
    });
    await page.goto(HARNESS_URL);
    await page.getByRole("button").click();
    await expectState(page, "opening");
    await page.evaluate(async () => {
      await window.harness.voice.close();
      (window as unknown as { allow: () => void }).allow();
    });
    await expectState(page, "audio-unavailable");
    const track = await page.evaluate(
      () => (window as unknown as { track: MediaStreamTrack }).track.readyState,
    );
    expect(track).toBe("ended");
    expect(await page.evaluate(() => window.harness.voice.contextRate)).toBeNull();
  });

  test("is released at the end, and may be opened again", async ({ page }) => {
    await page.addInitScript(() => {
      const tracks: MediaStreamTrack[] = [];
      const contexts: AudioContext[] = [];
      Object.assign(window, { tracks, contexts });
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        const stream = await open(constraints);
        tracks.push(...stream.getTracks());
        return stream;
      };
      window.AudioContext = class extends AudioContext {
        constructor(options?: AudioContextOptions) {
          super(options);
          contexts.push(this);
        }
      };
    });
    await start(page);
    await page.waitForTimeout(500);
    await page.evaluate(() => window.harness.voice.close());
    const states = await page.evaluate(() => {
      const { tracks, contexts } = window as unknown as {
        tracks: MediaStreamTrack[];
        contexts: AudioContext[];
      };
      return [...tracks.map(({ readyState }) => readyState), ...contexts.map(({ state }) => state)];
    });
    expect(states).toEqual(["ended", "closed"]);

    await start(page);
    await page.waitForTimeout(1_500);
    expectContiguous(await framesOf(page));
    expect(await page.evaluate(() => window.harness.failures)).toEqual([]);
  });

  test("is changed for another without a gap", async ({ page }) => {
    await start(page);
    await page.waitForTimeout(1_000);
    const other = await page.evaluate(async () => {
      const microphones = await window.harness.voice.microphones();
      const { deviceId } = microphones.at(-1)!;
      await window.harness.voice.switchMicrophone(deviceId);
      return microphones.length;
    });
    expect(other, "Chromium has several fake microphones").toBeGreaterThan(1);
    await page.waitForTimeout(LISTEN_MS);
    const frames = await framesOf(page);
    expectContiguous(frames);
    expect(energyOf(join(frames.slice(15)))).toBeGreaterThan(0.1 * (await callerEnergy()));
    expect(await page.evaluate(() => window.harness.failures)).toEqual([]);
  });

  test("is resampled where the browser refuses a context of 24 kHz", async ({ page }) => {
    await page.addInitScript(() => {
      window.AudioContext = class extends AudioContext {
        constructor(options?: AudioContextOptions) {
          if (options?.sampleRate !== undefined) {
            throw new DOMException("refused for a test", "NotSupportedError");
          }
          super(options);
        }
      };
    });
    await tapVoices(page);
    await start(page);
    const rate = await page.evaluate(() => window.harness.voice.contextRate);
    expect(rate).toBeGreaterThan(SAMPLE_RATE);
    await page.waitForTimeout(LISTEN_MS);
    const frames = await framesOf(page);
    expectContiguous(frames);
    const expected = await callerEnergy();
    expect(Math.abs(decibels(energyOf(join(frames)) / expected))).toBeLessThan(3);
    const { speaker, stats } = await readRecording(page);
    const played = energyOf(speaker) * (SAMPLE_RATE / rate!);
    expect(Math.abs(decibels(played / energyOf(join(frames))))).toBeLessThan(1);
    expect(stats?.droppedSamples).toBe(0);
  });

  test("a flush silences the speaker at once, and what follows plays", async ({ page }) => {
    await tapVoices(page);
    await start(page);
    await page.waitForTimeout(1_000);
    await page.evaluate(() => window.harness.flush());
    await page.waitForTimeout(LISTEN_MS);
    const { speaker, stats } = await readRecording(page);
    expect(stats?.droppedSamples).toBeGreaterThan(0);
    expect(stats?.droppedSamples).toBeLessThan(2 * FRAME_SAMPLES);
    expect(energyOf(speaker)).toBeGreaterThan(0.5 * (await callerEnergy()));
  });
});

test.describe("a sample caller", () => {
  const clip = { kind: "clip", url: `/e2e/${CALLER_FILE}`, audible: false } as const;

  test("speaks into the same path without a microphone, and tells its end", async ({ page }) => {
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => {
        throw new Error("The microphone was asked for.");
      };
    });
    await start(page, clip);
    await expect.poll(() => page.evaluate(() => window.harness.clipsEnded)).toBe(1);
    await page.waitForTimeout(500);
    const frames = await framesOf(page);
    expectContiguous(frames);
    expect(Math.abs(decibels(energyOf(join(frames)) / (await callerEnergy())))).toBeLessThan(1);
    const last = frames.at(-1)!;
    expect(energyOf(last.samples), "silence goes on after the clip").toBe(0);
  });

  test("that is not there is told, and all is put away", async ({ page }) => {
    await page.goto(HARNESS_URL);
    await page.evaluate((source) => (window.harness.source = source), {
      ...clip,
      url: "/no-such-clip.wav",
    });
    await page.getByRole("button").click();
    await expectState(page, "audio-unavailable");
    expect(await page.evaluate(() => window.harness.voice.contextRate)).toBeNull();
  });
});

/** Where `part` begins in `whole`, exactly; -1 if nowhere. */
function find(whole: Float32Array, part: Float32Array): number {
  for (let at = 0; at + part.length <= whole.length; at++) {
    let n = 0;
    while (n < part.length && whole[at + n] === part[n]) n++;
    if (n === part.length) return at;
  }
  return -1;
}
