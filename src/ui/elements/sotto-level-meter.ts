// <sotto-level-meter>: a thin bar that shows that the microphone hears you. For the eyes only.

import { css, html, LitElement, type TemplateResult } from "lit";
import { Animation, ease } from "../animation.ts";
import type { Levels } from "../card-view.ts";
import { visible } from "../orb-painter.ts";

export class SottoLevelMeter extends LitElement {
  static override readonly properties = {
    levels: { attribute: false },
    live: { type: Boolean, reflect: true },
  };

  /** Levels as of now; called for every picture. */
  declare levels: () => Levels;
  /** Whether a microphone is open. */
  declare live: boolean;

  #shown = 0;

  constructor() {
    super();
    this.levels = () => ({ user: 0, own: 0 });
    this.live = false;
    new Animation(this, (stepMs) => this.#draw(stepMs));
  }

  override render(): TemplateResult {
    return html`<div class="bar" aria-hidden="true"></div>`;
  }

  #draw(stepMs: number): boolean {
    this.#shown = ease(this.#shown, this.live ? visible(this.levels().user) : 0, stepMs);
    const bar = this.renderRoot.querySelector<HTMLElement>(".bar");
    if (bar !== null) bar.style.transform = `scaleX(${this.#shown.toFixed(3)})`;
    return this.live || this.#shown > 0.002;
  }

  static override readonly styles = css`
    :host {
      display: block;
      height: 4px;
      border-radius: 2px;
      background: var(--line);
      overflow: hidden;
    }

    .bar {
      height: 100%;
      background: var(--you);
      transform: scaleX(0);
      transform-origin: left;
    }
  `;
}

customElements.define("sotto-level-meter", SottoLevelMeter);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-level-meter": SottoLevelMeter;
  }
}
