// <sotto-device-line>: what runs the model and why, and how well it keeps pace.

import { css, html, LitElement, type TemplateResult } from "lit";
import type { BackendReport } from "../../shared/protocol.ts";
import type { Pace } from "../card-view.ts";
import { TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";

export class SottoDeviceLine extends LitElement {
  static override readonly properties = {
    report: { attribute: false },
    pace: { attribute: false },
  };

  declare report: BackendReport | null;
  declare pace: Pace | null;

  constructor() {
    super();
    this.report = null;
    this.pace = null;
  }

  override render(): TemplateResult {
    return html`${this.#device()} ${this.pace === null ? null : this.#pace(this.pace)}
    ${this.report === null ? null : html`<p class="why">${this.report.reason}</p>`}`;
  }

  #device(): TemplateResult {
    if (this.report === null) return html`<p>${TEXT.deviceUnknown}</p>`;
    const { backend, device, threads } = this.report;
    const how =
      backend === "webgpu" ? "WebGPU" : `${threads} ${threads === 1 ? "thread" : "threads"}`;
    return html`<p><strong>${device}</strong> · ${how}</p>`;
  }

  #pace({ p50Ms, p95Ms, realTimeFactor }: Pace): TemplateResult {
    return html`<dl>
      <div>
        <dt>${TEXT.paceP50}</dt>
        <dd>${milliseconds(p50Ms)}</dd>
      </div>
      <div>
        <dt>${TEXT.paceP95}</dt>
        <dd>${milliseconds(p95Ms)}</dd>
      </div>
      <div>
        <dt>${TEXT.paceFactor}</dt>
        <dd>${realTimeFactor.toFixed(2)}</dd>
      </div>
    </dl>`;
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: 2px 24px;
        font-size: 0.8125rem;
        color: var(--ink-soft);
      }

      .why {
        flex: 1 0 100%;
      }

      p {
        margin: 0;
        text-wrap: pretty;
      }

      strong {
        font-weight: 600;
        color: var(--ink);
      }

      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0 18px;
        margin: 0;
      }

      dl div {
        display: flex;
        gap: 6px;
        white-space: nowrap;
      }

      dd {
        margin: 0;
        color: var(--ink);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

customElements.define("sotto-device-line", SottoDeviceLine);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-device-line": SottoDeviceLine;
  }
}
