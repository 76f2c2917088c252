import { describe, expect, test } from "vitest";
import { lackingFeature, type BrowserScope } from "./preflight.ts";

const FULL: BrowserScope = {
  isSecureContext: true,
  WebAssembly: {},
  Worker: {},
  MessageChannel: {},
  AudioContext: {},
  AudioWorkletNode: {},
};

describe("lackingFeature", () => {
  test("finds nothing lacking in a full browser", () => {
    expect(lackingFeature(FULL)).toBeNull();
  });

  test.each([
    "WebAssembly",
    "Worker",
    "MessageChannel",
    "AudioContext",
    "AudioWorkletNode",
  ] as const)("misses %s", (name) => {
    expect(lackingFeature({ ...FULL, [name]: undefined })?.code).toBe("browser-unsupported");
  });

  test("blames the address, not the browser, where the connection is insecure", () => {
    const error = lackingFeature({ ...FULL, isSecureContext: false, AudioWorkletNode: undefined });
    expect(error?.what).toContain("insecure");
  });
});
