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
    return html`<div class="device">${this.#device()}</div>
      ${this.pace === null ? null : this.#pace(this.pace)}`;
  }

  #device(): TemplateResult {
    if (this.report === null) return html`<p>${TEXT.deviceUnknown}</p>`;
    const { backend, device, threads, reason } = this.report;
    const how =
      backend === "webgpu" ? "WebGPU" : `${threads} ${threads === 1 ? "thread" : "threads"}`;
    return html`<p><strong>${device}</strong> · ${how}</p>
      <p>${reason}</p>`;
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
        align-items: flex-end;
        justify-content: space-between;
        gap: 8px 24px;
        font-size: 0.8125rem;
        color: var(--ink-soft);
      }

      .device {
        flex: 1 1 240px;
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
        gap: 18px;
        margin: 0;
      }

      dt {
        line-height: 1.3;
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
