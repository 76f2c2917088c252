// <sotto-orb>: the one big button. Its ring is you, its core is Sotto; both may move at once.

import { css, html, LitElement, type TemplateResult } from "lit";
import { Animation, ease } from "../animation.ts";
import type { Levels } from "../card-view.ts";
import { BAR, EXCLAMATION, HOURGLASS, MIC, MIC_OFF, NO_GLYPH, WAVES } from "../glyphs.ts";
import type { Look } from "../look.ts";
import { coreRadius, paintOrb, visible, type OrbColours } from "../orb-painter.ts";
import { RequestEvent } from "../requests.ts";
import { LOOK_TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";

/** Looks that go on moving by themselves; the others are drawn until they have settled. */
const LIVELY: ReadonlySet<Look> = new Set([
  "starting",
  "listening",
  "speaking",
  "both",
  "muted",
  "degraded",
]);

const GLYPHS = {
  unsupported: BAR,
  loading: NO_GLYPH,
  ready: MIC,
  starting: MIC,
  listening: NO_GLYPH,
  speaking: WAVES,
  both: WAVES,
  muted: MIC_OFF,
  degraded: HOURGLASS,
  stopping: NO_GLYPH,
  failed: EXCLAMATION,
} as const satisfies Record<Look, unknown>;

export class SottoOrb extends LitElement {
  static override readonly properties = {
    look: { type: String, reflect: true },
    share: { type: Number },
    levels: { attribute: false },
    queued: { type: Boolean, reflect: true },
  };

  declare look: Look;
  /** Loaded share, 0…1; read while loading. */
  declare share: number;
  /** Levels as of now; called for every picture. */
  declare levels: () => Levels;
  /** Pressed while loading: the talk begins when the model is there. */
  declare queued: boolean;

  readonly #animation = new Animation(this, (stepMs) => this.#draw(stepMs));
  readonly #stillness = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #schemes = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) =>
    matchMedia(query),
  );
  #colours: OrbColours | null = null;
  #seconds = 0;
  #core = coreRadius("loading");
  #user = 0;
  #own = 0;

  constructor() {
    super();
    this.look = "loading";
    this.share = 0;
    this.levels = () => ({ user: 0, own: 0 });
    this.queued = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const query of this.#schemes) query.addEventListener("change", this.#onScheme);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const query of this.#schemes) query.removeEventListener("change", this.#onScheme);
  }

  override render(): TemplateResult {
    return html`<button
      type="button"
      aria-label=${LOOK_TEXT[this.look].action}
      @click=${this.#onClick}
    >
      <canvas aria-hidden="true"></canvas>
      ${
        this.look === "loading"
          ? html`<span class="share" aria-hidden="true"
              >${Math.floor(this.share * 100)}<i>%</i></span
            >`
          : html`<svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
              ${GLYPHS[this.look]}
            </svg>`
      }
    </button>`;
  }

  #onClick(event: MouseEvent): void {
    // The second click of a double click would undo the first.
    if (event.detail > 1) return;
    const retries = this.look === "failed" || this.look === "unsupported";
    this.dispatchEvent(new RequestEvent({ type: retries ? "retry" : "press" }));
  }

  readonly #onScheme = (): void => {
    this.#colours = null;
    this.#animation.wake();
  };

  #draw(stepMs: number): boolean {
    const canvas = this.renderRoot.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return false;
    const width = Math.round(canvas.clientWidth * Math.min(2, devicePixelRatio));
    if (width === 0) return false;
    if (canvas.width !== width) canvas.width = canvas.height = width;

    const still = this.#stillness.matches;
    if (!still) this.#seconds += stepMs / 1_000;
    const target = this.levels();
    this.#user = ease(this.#user, visible(target.user), stepMs);
    this.#own = ease(this.#own, visible(target.own), stepMs);
    const rest = coreRadius(this.look);
    this.#core = still ? rest : ease(this.#core, rest, stepMs);
    this.#colours ??= readColours(this);

    paintOrb(context, width, this.#core, {
      look: this.look,
      levels: { user: this.#user, own: this.#own },
      share: this.share,
      seconds: this.#seconds,
      colours: this.#colours,
    });
    const settled = Math.abs(this.#core - rest) < 0.001 && this.#user < 0.005 && this.#own < 0.005;
    return LIVELY.has(this.look) || !settled;
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        display: block;
        width: 256px;
        aspect-ratio: 1;
      }

      button {
        position: relative;
        display: grid;
        place-items: center;
        width: 100%;
        height: 100%;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: none;
        cursor: pointer;
        touch-action: manipulation;
        -webkit-tap-highlight-color: transparent;
      }

      button:focus-visible {
        outline-offset: -6px;
      }

      canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
      }

      svg.glyph,
      .share {
        position: relative;
        color: var(--on-sotto);
        pointer-events: none;
      }

      svg.glyph {
        width: 42px;
        height: 42px;
        stroke-width: 1.75;
      }

      /* Where nothing can be heard the words on the card matter more than the orb. */
      :host([look="unsupported"]),
      :host([look="failed"]) {
        width: 112px;
        margin: 12px 0;
      }

      :host([look="unsupported"]) svg,
      :host([look="failed"]) svg {
        color: var(--ink);
      }

      .share {
        font-size: 1.25rem;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
      }

      .share i {
        font-style: normal;
        font-size: 0.75em;
        margin-left: 1px;
      }

      @media (prefers-reduced-motion: no-preference) {
        canvas {
          transition: transform 160ms ease-out;
        }
        button:hover canvas {
          transform: scale(1.02);
        }
        button:active canvas {
          transform: scale(0.98);
        }
      }

      @media (max-width: 480px) {
        :host(:not([look="unsupported"], [look="failed"])) {
          width: 212px;
        }
      }
    `,
  ];
}

function readColours(element: Element): OrbColours {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    you: colour("--you"),
    sotto: colour("--sotto"),
    sottoLight: colour("--sotto-light"),
    sottoFaded: colour("--sotto-faded"),
    idle: colour("--idle"),
  };
}

customElements.define("sotto-orb", SottoOrb);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-orb": SottoOrb;
  }
}
