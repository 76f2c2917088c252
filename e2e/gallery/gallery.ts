// Stands in for src/ui/main.ts on the real page: shows one state of the card, named in ?state=, and records
// the requests that its elements send. Page thread; served by the development server only.

import "../../src/ui/elements/sotto-card.ts";
import { RequestEvent, type Request } from "../../src/ui/requests.ts";
import { STATES } from "./states.ts";

declare global {
  interface Window {
    /** What the visitor has asked for so far. */
    galleryRequests: Request[];
  }
}

const name = new URLSearchParams(location.search).get("state") ?? "ready";
const state = STATES[name];
const card = document.querySelector("sotto-card");
if (state === undefined || card === null) throw new Error(`There is no state "${name}".`);

window.galleryRequests = [];
card.addEventListener(RequestEvent.type, ({ request }) => window.galleryRequests.push(request));
card.view = state.view;
card.levels = () => state.levels;
