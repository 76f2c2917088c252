// <sotto-captions>: what Sotto says, word by word, the newest turn largest. A polite log for screen readers.

import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { CaptionTurn } from "../captions.ts";
import { TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";

export class SottoCaptions extends LitElement {
  static override readonly properties = {
    turns: { attribute: false },
    placeholder: { type: String },
  };

  declare turns: readonly CaptionTurn[];
  /** Shown while nothing was said yet. */
  declare placeholder: string;

  constructor() {
    super();
    this.turns = [];
    this.placeholder = "";
  }

  override render(): TemplateResult {
    // Each word is a node of its own, so that a screen reader is told the new word and not the whole turn again.
    return html`<div
        class="log"
        role="log"
        aria-live="polite"
        aria-label=${TEXT.captionsLabel}
        tabindex="0"
      >
        ${repeat(
          this.turns,
          (turn) => turn.id,
          (turn, index) =>
            html`<p class=${index === this.turns.length - 1 ? "now" : "past"}>
              ${wordsOf(turn.text).map((word) => html`<span>${word} </span>`)}
            </p>`,
        )}
      </div>
      ${this.turns.length === 0 ? html`<p class="placeholder">${this.placeholder}</p>` : null}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("turns")) return;
    const log = this.renderRoot.querySelector(".log");
    log?.scrollTo({ top: log.scrollHeight });
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        position: relative;
        display: block;
        height: 100%;
      }

      .log {
        height: 100%;
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
        border-radius: 8px;
        text-align: center;
      }

      p {
        margin: 0 auto 6px;
        max-width: 44ch;
        text-wrap: balance;
        overflow-wrap: anywhere;
      }

      .now {
        font-size: 1.1875rem;
        line-height: 1.4;
      }

      .past {
        font-size: 0.9375rem;
        color: var(--ink-soft);
      }

      .placeholder {
        position: absolute;
        inset: 0;
        color: var(--ink-soft);
        text-align: center;
        pointer-events: none;
      }
    `,
  ];
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

customElements.define("sotto-captions", SottoCaptions);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-captions": SottoCaptions;
  }
}
