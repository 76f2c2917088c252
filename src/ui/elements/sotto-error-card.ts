// <sotto-error-card>: what happened, what to do, the code with a link to its page, and the ways to go on.

import { css, html, LitElement, type TemplateResult } from "lit";
import type { SottoErrorData } from "../../shared/errors.ts";
import { ERROR_HELP } from "../error-help.ts";
import { RequestEvent, type Request } from "../requests.ts";
import { SAMPLE_CALLERS } from "../sample-callers.ts";
import type { BackendChoice } from "../session-machine.ts";
import { TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";

export class SottoErrorCard extends LitElement {
  static override readonly properties = {
    error: { attribute: false },
    backend: { type: String },
  };

  declare error: SottoErrorData | null;
  /** The back end that was asked for: on "wasm" the way to the CPU is not offered again. */
  declare backend: BackendChoice;

  constructor() {
    super();
    this.error = null;
    this.backend = "auto";
  }

  override render(): TemplateResult | null {
    if (this.error === null) return null;
    const { code, what, remedy, detail } = this.error;
    return html`<div role="alert">
        <h2>${ERROR_HELP[code].title}</h2>
        <p>${what}</p>
        <p class="remedy">${remedy}</p>
      </div>
      <div class="ways">${this.#ways()}</div>
      <p class="more">
        <a href="errors.html#${code}" target="_blank" rel="noopener">${TEXT.errorDocs}</a>
        <code>${code}</code>
      </p>
      ${
        detail === undefined
          ? null
          : html`<details>
              <summary>${TEXT.errorDetail}</summary>
              <pre>${detail}</pre>
            </details>`
      }`;
  }

  #ways(): TemplateResult {
    const code = this.error?.code ?? "";
    const [sample] = SAMPLE_CALLERS;
    const again = code === "browser-unsupported" ? TEXT.checkAgain : TEXT.retry;
    return html`<button class="firm" type="button" @click=${() => this.#ask({ type: "retry" })}>
        ${again}
      </button>
      ${
        code.startsWith("mic-") && sample !== undefined
          ? html`<button
              class="quiet"
              type="button"
              @click=${() => this.#ask({ type: "sample", sampleId: sample.id })}
            >
              ${TEXT.sample}
            </button>`
          : null
      }
      ${
        code.startsWith("webgpu-") && this.backend !== "wasm"
          ? html`<button
              class="quiet"
              type="button"
              @click=${() => this.#ask({ type: "retry", backend: "wasm" })}
            >
              ${TEXT.useCpu}
            </button>`
          : null
      }`;
  }

  #ask(request: Request): void {
    this.dispatchEvent(new RequestEvent(request));
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        display: block;
        max-width: 480px;
        margin: 0 auto;
        text-align: center;
      }

      h2 {
        margin: 0 0 4px;
        font-size: 1.1875rem;
        font-weight: 650;
        letter-spacing: -0.01em;
        color: var(--bad);
      }

      p {
        margin: 0;
        text-wrap: pretty;
        overflow-wrap: anywhere;
      }

      .remedy {
        color: var(--ink-soft);
      }

      .ways {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: 8px;
        margin: 16px 0 12px;
      }

      .more {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: 0 12px;
        font-size: 0.8125rem;
        color: var(--ink-soft);
      }

      a {
        color: inherit;
      }

      details {
        margin-top: 4px;
        font-size: 0.8125rem;
        color: var(--ink-soft);
      }

      summary {
        cursor: pointer;
      }

      pre {
        margin: 8px 0 0;
        padding: 10px 12px;
        max-height: 120px;
        overflow: auto;
        border-radius: 8px;
        background: var(--sunken);
        text-align: left;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];
}

customElements.define("sotto-error-card", SottoErrorCard);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-error-card": SottoErrorCard;
  }
}
