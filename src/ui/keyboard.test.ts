import { describe, expect, test } from "vitest";
import { commandForKey, type KeyPress } from "./keyboard.ts";

const onPage = (key: string): KeyPress => ({
  key,
  repeat: false,
  modified: false,
  target: "page",
});

describe("commandForKey", () => {
  test("knows its three keys", () => {
    expect(commandForKey(onPage(" "))).toBe("press");
    expect(commandForKey(onPage("Escape"))).toBe("stop");
    expect(commandForKey(onPage("m"))).toBe("toggle-mute");
    expect(commandForKey(onPage("M"))).toBe("toggle-mute");
    expect(commandForKey(onPage("a"))).toBeNull();
  });

  test("leaves space to a focused control and letters to a field", () => {
    expect(commandForKey({ ...onPage(" "), target: "button" })).toBeNull();
    expect(commandForKey({ ...onPage("m"), target: "button" })).toBe("toggle-mute");
    expect(commandForKey({ ...onPage("m"), target: "field" })).toBeNull();
    expect(commandForKey({ ...onPage("Escape"), target: "field" })).toBe("stop");
  });

  test("ignores a held key and the browser's own chords", () => {
    expect(commandForKey({ ...onPage(" "), repeat: true })).toBeNull();
    expect(commandForKey({ ...onPage("m"), modified: true })).toBeNull();
  });
});
