// The page's wiring: one session, one card, three keys. Page thread.

import { SottoError } from "../shared/errors.ts";
import { createVoice } from "./audio/voice.ts";
import { createEngine } from "./create-engine.ts";
import { SottoCard } from "./elements/sotto-card.ts";
import { commandForKey, keyPressOf } from "./keyboard.ts";
import { parsePageOptions } from "./page-options.ts";
import { lackingFeature } from "./preflight.ts";
import { RequestEvent } from "./requests.ts";
import { Session, type SessionParts } from "./session.ts";

const card = document.querySelector("sotto-card");
if (!(card instanceof SottoCard)) throw new Error("index.html has no <sotto-card>.");

const session = new Session({
  ...readOptions(),
  checkBrowser: () => lackingFeature(globalThis),
  createEngine,
  createVoice,
  onChange: (view) => {
    card.view = view;
  },
});
card.levels = session.levels;
card.addEventListener(RequestEvent.type, ({ request }) => session.request(request));

document.addEventListener("keydown", (event) => {
  const command = commandForKey(keyPressOf(event));
  if (command === null) return;
  // Space would scroll the page.
  event.preventDefault();
  session.request({ type: command });
});

session.open();

/** What the address asks for; where it asks for something unknown, the defaults and the reason. */
function readOptions(): Pick<SessionParts, "options" | "optionsError"> {
  const pageUrl = document.baseURI;
  try {
    return { options: parsePageOptions(location.search, pageUrl), optionsError: null };
  } catch (thrown) {
    if (!(thrown instanceof SottoError)) throw thrown;
    return { options: parsePageOptions("", pageUrl), optionsError: thrown };
  }
}
