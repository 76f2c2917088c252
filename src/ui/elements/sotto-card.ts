// <sotto-card>: the whole product on one card. Plain data in (`view`, `levels`), one event out (RequestEvent).

import { css, html, LitElement, type TemplateResult } from "lit";
import { FIRST_VIEW, type CardView, type Levels } from "../card-view.ts";
import { loadedShare } from "../load-meter.ts";
import { LOOK_TEXT, TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";
import "./sotto-captions.ts";
import "./sotto-device-line.ts";
import "./sotto-error-card.ts";
import "./sotto-load-progress.ts";
import "./sotto-mic-panel.ts";
import "./sotto-orb.ts";

export class SottoCard extends LitElement {
  static override readonly properties = {
    view: { attribute: false },
    levels: { attribute: false },
  };

  declare view: CardView;
  /** Levels as of now; the orb and the meter read them at their own pace. */
  declare levels: () => Levels;

  constructor() {
    super();
    this.view = FIRST_VIEW;
    this.levels = () => ({ user: 0, own: 0 });
  }

  override render(): TemplateResult {
    const { view } = this;
    const text = LOOK_TEXT[view.look];
    const queued = view.look === "loading" && view.caller !== null;
    return html`<article data-look=${view.look}>
      <sotto-orb
        .look=${view.look}
        .share=${loadedShare(view.meter)}
        .levels=${this.levels}
        .queued=${queued}
      ></sotto-orb>
      <p class="word">${text.word}</p>
      ${
        view.error === null
          ? html`<p class="hint">${queued ? TEXT.loadQueued : (view.degraded ?? text.hint)}</p>`
          : null
      }
      <div class="unseen" role="status">${text.announcement}</div>
      <div class="stage">${this.#stage()}</div>
      <footer>
        <sotto-mic-panel
          .microphones=${view.microphones}
          .microphoneId=${view.microphoneId}
          .talking=${isTalk(view)}
          .muted=${view.muted}
          .offersSample=${view.error === null}
          .sampleTalks=${isTalk(view) && view.caller?.kind === "sample"}
          .levels=${this.levels}
        ></sotto-mic-panel>
        <sotto-device-line .report=${view.report} .pace=${view.pace}></sotto-device-line>
      </footer>
    </article>`;
  }

  #stage(): TemplateResult {
    const { view } = this;
    if (view.error !== null) {
      return html`<sotto-error-card
        .error=${view.error}
        .backend=${view.backend}
      ></sotto-error-card>`;
    }
    if (view.look === "loading") {
      return html`<sotto-load-progress .meter=${view.meter}></sotto-load-progress>`;
    }
    return html`<sotto-captions
      .turns=${view.turns}
      .placeholder=${isTalk(view) ? TEXT.captionsSilent : TEXT.captionsHint}
    ></sotto-captions>`;
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        display: block;
      }

      article {
        display: grid;
        justify-items: center;
        padding: 16px 28px 18px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }

      .word {
        margin: 0;
        font-size: 1.375rem;
        font-weight: 650;
        letter-spacing: -0.02em;
        line-height: 1.2;
      }

      .hint {
        margin: 4px 0 0;
        min-height: 1.5em;
        color: var(--ink-soft);
        text-align: center;
        text-wrap: balance;
      }

      [data-look="degraded"] .word,
      [data-look="degraded"] .hint {
        color: var(--warn);
      }

      .stage {
        width: 100%;
        min-height: 96px;
        margin: 16px 0;
      }

      .stage sotto-captions {
        height: 96px;
      }

      footer {
        display: grid;
        gap: 12px;
        width: 100%;
        padding-top: 14px;
        border-top: 1px solid var(--line);
      }

      @media (max-width: 480px) {
        article {
          padding: 12px 16px 16px;
        }
      }
    `,
  ];
}

function isTalk({ look }: CardView): boolean {
  return ["listening", "speaking", "both", "muted", "degraded"].includes(look);
}

customElements.define("sotto-card", SottoCard);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-card": SottoCard;
  }
}
