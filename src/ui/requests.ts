// What the visitor asks for, as the one event that elements send up to the page.

import type { BackendChoice } from "./session-machine.ts";

export type Request =
  | { readonly type: "press" }
  | { readonly type: "stop" }
  | { readonly type: "toggle-mute" }
  | { readonly type: "sample"; readonly sampleId: string }
  | { readonly type: "retry"; readonly backend?: BackendChoice }
  | { readonly type: "pick-microphone"; readonly microphoneId: string };

/** Bubbles through shadow roots up to the page. */
export class RequestEvent extends Event {
  static readonly type = "sotto-request";
  readonly request: Request;

  constructor(request: Request) {
    super(RequestEvent.type, { bubbles: true, composed: true });
    this.request = request;
  }
}

declare global {
  interface HTMLElementEventMap {
    "sotto-request": RequestEvent;
  }
}
