// The main job: a caller speaks into the microphone, and Sotto answers aloud, while it goes on listening. Real speech of
// voices that the model was never trained on, the shipped model, WASM with two threads, real time. What is judged is the
// sound that left the speaker worklet.

import { writeFile } from "node:fs/promises";
import { expect, test } from "./support/browser.ts";
import { captionsOf, openReady, orbOf, startTalk, wordOf } from "./support/page.ts";
import { recognise } from "./support/recognise.ts";
import { readRecording, tapVoices, wavOf, type Recording } from "./support/recording.ts";
import { findSpeech, type Stretch } from "./support/speech.ts";

test.use({ model: "shipped" });

/** Sotto's output is exactly silent or clearly not; the microphone's has the codec of the browser behind it. */
const SPEAKER = { threshold: 0.01, bridge: 0.4 };
const MICROPHONE = { threshold: 0.01, bridge: 0.4 };
/** From the onset of an interruption to silence. */
const INTERRUPTION_LIMIT_SECONDS = 0.5;

interface Heard extends Recording {
  /** Where the caller speaks. */
  readonly caller: Stretch[];
  /** Where Sotto speaks. */
  readonly sotto: Stretch[];
}

function judge(recording: Recording): Heard {
  const { microphone, speaker, sampleRate } = recording;
  return {
    ...recording,
    caller: findSpeech(microphone, sampleRate, MICROPHONE),
    sotto: findSpeech(speaker, sampleRate, SPEAKER),
  };
}

function cut(
  { speaker, sampleRate }: Recording,
  { start, end }: Stretch,
): Float32Array<ArrayBuffer> {
  return speaker.slice(Math.round(start * sampleRate), Math.round(end * sampleRate));
}

/** What two voices say, and what Sotto has to answer. */
const ORDERS = [
  {
    caller: "medium-coffee",
    text: /a medium coffee, coming up/,
    aloud: "a medium coffee coming up",
  },
  { caller: "mocha", text: /what size mocha/, aloud: "what size mocha" },
];

for (const { caller: name, text, aloud } of ORDERS)
  test.describe(`the caller ${name}`, () => {
    test.use({ microphone: [2, name, 30] });

    test("is answered in the right words, in text and aloud, after the end", async ({
      page,
    }, info) => {
      await tapVoices(page);
      await openReady(page, "?backend=wasm");
      await startTalk(page);
      await expect(captionsOf(page)).toContainText(text, { timeout: 20_000 });
      // The text runs ahead of the voice; silence after the words ends the turn.
      await expect(wordOf(page)).toHaveText("Listening", { timeout: 10_000 });
      await page.waitForTimeout(1_000);
      const heard = judge(await readRecording(page));
      await writeFile(info.outputPath("caller.wav"), wavOf(heard.microphone, heard.sampleRate));

      expect(heard.caller, "the caller was heard").toHaveLength(1);
      const [caller] = heard.caller;
      const [first] = heard.sotto;
      expect(first, "Sotto answered").toBeDefined();
      expect(first!.start, "silent until the caller ended").toBeGreaterThan(caller!.end - 0.1);
      expect(first!.start, "answered soon").toBeLessThan(caller!.end + 2);

      const reply = { start: first!.start - 0.2, end: heard.sotto.at(-1)!.end + 0.2 };
      const wav = info.outputPath("reply.wav");
      expect(await recognise(cut(heard, reply), heard.sampleRate, wav)).toBe(aloud);

      expect(heard.stats, "the speaker worklet reported").not.toBeNull();
      expect(heard.stats!.underruns).toBe(0);
      await expect(page.locator("sotto-device-line")).toContainText(/CPU.*2 threads/s);
    });
  });

test.describe("an interruption", () => {
  // The reply takes about three seconds; the caller cuts in when a third of it is said.
  test.use({ microphone: [2, "what-can-you-do", 0.8, "please-stop", 30] });

  test("stops Sotto within half a second, in the middle of the sentence", async ({
    page,
  }, info) => {
    await tapVoices(page);
    await openReady(page, "?backend=wasm");
    await startTalk(page);
    await expect(captionsOf(page)).toContainText("i make coffee", { timeout: 20_000 });
    await page.waitForTimeout(5_000);
    await expect(captionsOf(page)).not.toContainText("and a size");
    const heard = judge(await readRecording(page));
    const { sampleRate } = heard;
    await writeFile(info.outputPath("caller.wav"), wavOf(heard.microphone, sampleRate));
    await writeFile(info.outputPath("sotto.wav"), wavOf(heard.speaker, sampleRate));

    expect(heard.caller, "the caller spoke twice").toHaveLength(2);
    const interruption = heard.caller[1]!.start;
    // Pauses between words are bridged, the silence before the next reply is not.
    const interrupted = findSpeech(heard.speaker, sampleRate, { ...SPEAKER, bridge: 0.25 }).find(
      ({ start, end }) => start < interruption && end > interruption,
    );
    expect(interrupted, "Sotto was speaking when the caller cut in").toBeDefined();
    expect(interrupted!.end - interruption).toBeLessThan(INTERRUPTION_LIMIT_SECONDS);
    expect(heard.stats!.underruns).toBe(0);
  });
});

test.describe("silence", () => {
  test.use({ microphone: [60] });

  test("is met with silence, and the talk ends and begins again", async ({ page }) => {
    await tapVoices(page);
    await openReady(page, "?backend=wasm");
    await startTalk(page);
    await page.waitForTimeout(8_000);
    const heard = judge(await readRecording(page));
    expect(heard.speaker.length / heard.sampleRate).toBeGreaterThan(7);
    expect(heard.sotto).toEqual([]);
    expect(heard.stats!.underruns).toBe(0);

    await orbOf(page).click();
    await expect(wordOf(page)).toHaveText("Ready");
    await startTalk(page);
  });
});

test.describe("no microphone", () => {
  test.use({ microphone: "absent" });

  test("a sample caller talks through the same path", async ({ page }) => {
    await tapVoices(page);
    await openReady(page, "?backend=wasm");
    await page.getByRole("button", { name: "Use a sample caller" }).click();
    await expect(captionsOf(page)).toContainText("coming up", { timeout: 30_000 });
    await expect(wordOf(page)).toHaveText("Listening", { timeout: 10_000 });
    const heard = judge(await readRecording(page));
    expect(heard.caller.length, "the caller was heard").toBeGreaterThan(0);
    expect(heard.sotto.length, "Sotto answered").toBeGreaterThan(0);
    expect(heard.stats!.underruns).toBe(0);
  });
});
