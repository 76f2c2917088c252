import { describe, expect, test } from "vitest";
import { browserFamily, microphoneError } from "./audio-errors.ts";

const AGENTS = {
  chromium:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:160.0) Gecko/20100101 Firefox/160.0",
  safari:
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/27.2 Safari/605.1.15",
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 27_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1",
} as const;

test.each(Object.entries(AGENTS))("%s is told by its user agent", (family, agent) => {
  expect(browserFamily(agent)).toBe(family);
});

describe("a rejection of getUserMedia", () => {
  test.each([
    ["NotAllowedError", "mic-denied"],
    ["SecurityError", "mic-denied"],
    ["NotFoundError", "mic-absent"],
    ["OverconstrainedError", "mic-absent"],
    ["NotReadableError", "mic-busy"],
    ["AbortError", "mic-busy"],
    ["TypeError", "audio-unavailable"],
  ])("%s becomes %s, and names a way on without a microphone", (name, code) => {
    const error = microphoneError(new DOMException("said the browser", name), AGENTS.chromium);
    expect(error.code).toBe(code);
    expect(error.remedy).toContain("sample caller");
    expect(error.detail).toBe("said the browser");
  });

  test("has a remedy of its own in each browser", () => {
    const denied = new DOMException("", "NotAllowedError");
    const remedies = Object.values(AGENTS).map((agent) => microphoneError(denied, agent).remedy);
    expect(new Set(remedies).size).toBe(remedies.length);
  });
});
