// <sotto-mic-panel>: which microphone, what it hears, mute, and the sample caller for a visitor without one.

import { css, html, LitElement, type TemplateResult } from "lit";
import type { Levels, MicrophoneChoice } from "../card-view.ts";
import { MIC, MIC_OFF } from "../glyphs.ts";
import { RequestEvent, type Request } from "../requests.ts";
import { SAMPLE_CALLERS } from "../sample-callers.ts";
import { TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";
import "./sotto-level-meter.ts";

export class SottoMicPanel extends LitElement {
  static override readonly properties = {
    microphones: { attribute: false },
    microphoneId: { type: String },
    talking: { type: Boolean },
    muted: { type: Boolean },
    offersSample: { type: Boolean },
    sampleTalks: { type: Boolean },
    levels: { attribute: false },
  };

  declare microphones: readonly MicrophoneChoice[];
  declare microphoneId: string;
  declare talking: boolean;
  declare muted: boolean;
  /** Off where the card above offers the sample caller itself, or cannot. */
  declare offersSample: boolean;
  /** A sample caller is on the line in place of the microphone. */
  declare sampleTalks: boolean;
  declare levels: () => Levels;

  constructor() {
    super();
    this.microphones = [];
    this.microphoneId = "";
    this.talking = false;
    this.muted = false;
    this.offersSample = true;
    this.sampleTalks = false;
    this.levels = () => ({ user: 0, own: 0 });
  }

  override render(): TemplateResult {
    return html`<button
        class="quiet mute"
        type="button"
        aria-pressed=${this.muted}
        ?disabled=${!this.talking}
        @click=${() => this.#ask({ type: "toggle-mute" })}
      >
        <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
          ${this.muted ? MIC_OFF : MIC}
        </svg>
        ${TEXT.mute}
      </button>
      <div class="microphone">
        ${this.sampleTalks ? html`<p>${TEXT.sampleTalking}</p>` : this.#picker()}
        <sotto-level-meter
          .levels=${this.levels}
          ?live=${this.talking && !this.muted}
        ></sotto-level-meter>
      </div>
      ${this.offersSample ? this.#sample() : null}`;
  }

  #sample(): TemplateResult | null {
    const [sample] = SAMPLE_CALLERS;
    if (sample === undefined) return null;
    return html`<button
      class="quiet"
      type="button"
      ?disabled=${this.talking}
      @click=${() => this.#ask({ type: "sample", sampleId: sample.id })}
    >
      ${TEXT.sample}
    </button>`;
  }

  #picker(): TemplateResult {
    return html`<select
      aria-label=${TEXT.microphone}
      ?disabled=${this.microphones.length === 0}
      @change=${this.#onPick}
    >
      <option value="" ?selected=${this.microphoneId === ""}>${TEXT.defaultMicrophone}</option>
      ${this.microphones.map(
        ({ id, label }) =>
          html`<option value=${id} ?selected=${id === this.microphoneId}>${label}</option>`,
      )}
    </select>`;
  }

  #onPick(event: Event): void {
    if (!(event.target instanceof HTMLSelectElement)) return;
    this.#ask({ type: "pick-microphone", microphoneId: event.target.value });
  }

  #ask(request: Request): void {
    this.dispatchEvent(new RequestEvent(request));
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: 12px;
        font-size: 0.875rem;
      }

      button[aria-pressed="true"] {
        border-color: var(--ink);
        background: var(--ink);
        color: var(--surface);
      }

      button:disabled {
        opacity: 0.5;
        cursor: default;
      }

      .microphone {
        display: grid;
        gap: 4px;
        min-width: 0;
      }

      select {
        width: 100%;
        min-height: 32px;
        padding: 0 8px;
        border-color: transparent;
        border-radius: 8px;
        background-color: transparent;
        text-overflow: ellipsis;
      }

      select:disabled {
        color: var(--ink-soft);
        opacity: 1;
        cursor: default;
      }

      option {
        background: var(--surface);
        color: var(--ink);
      }

      p {
        margin: 0;
        padding: 0 8px;
        line-height: 32px;
        white-space: nowrap;
        overflow: hidden;
        text-overflow: ellipsis;
      }

      @media (max-width: 480px) {
        :host {
          grid-template-columns: auto 1fr;
        }
        .microphone {
          grid-column: 1 / -1;
          grid-row: 1;
        }
      }
    `,
  ];
}

customElements.define("sotto-mic-panel", SottoMicPanel);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-mic-panel": SottoMicPanel;
  }
}
