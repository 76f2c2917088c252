// The three keys of the page: space starts and stops the talk, escape stops it, M mutes. Pure.

export type KeyCommand = "press" | "stop" | "toggle-mute";

/** What of a KeyboardEvent decides. `target` is the innermost element that has the focus, through shadow roots. */
export interface KeyPress {
  readonly key: string;
  readonly repeat: boolean;
  /** Ctrl, alt or meta is held: the key belongs to the browser. */
  readonly modified: boolean;
  readonly target: "page" | "button" | "field";
}

/** The command of a key, or null where the key belongs to the focused control or the browser. */
export function commandForKey({ key, repeat, modified, target }: KeyPress): KeyCommand | null {
  if (repeat || modified) return null;
  if (key === "Escape") return "stop";
  // A focused button takes space as its own click; a list or field takes letters too.
  if (key === " ") return target === "page" ? "press" : null;
  if (key.toLowerCase() === "m") return target === "field" ? null : "toggle-mute";
  return null;
}

/** Reads the key and the focused control out of a DOM event. */
export function keyPressOf(event: KeyboardEvent): KeyPress {
  const [innermost] = event.composedPath();
  return {
    key: event.key,
    repeat: event.repeat,
    modified: event.ctrlKey || event.altKey || event.metaKey,
    target: innermost instanceof Element ? kindOf(innermost) : "page",
  };
}

function kindOf(element: Element): KeyPress["target"] {
  if (element.matches("input, select, textarea, [contenteditable]")) return "field";
  return element.matches("button, a[href], summary, [tabindex]") ? "button" : "page";
}
