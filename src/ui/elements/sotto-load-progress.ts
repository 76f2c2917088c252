// <sotto-load-progress>: phase, bytes and rate of the load, and one bar a file.

import { css, html, LitElement, type TemplateResult } from "lit";
import type { FileProgress } from "../../shared/protocol.ts";
import { EMPTY_METER, formatBytes, type LoadMeter } from "../load-meter.ts";
import { PHASE_TEXT, TEXT } from "../strings.ts";
import { sharedStyles } from "./shared-styles.ts";

export class SottoLoadProgress extends LitElement {
  static override readonly properties = { meter: { attribute: false } };

  declare meter: LoadMeter;

  constructor() {
    super();
    this.meter = EMPTY_METER;
  }

  override render(): TemplateResult {
    const { phase, files, loadedBytes, totalBytes, bytesPerSecond } = this.meter;
    const fetching = loadedBytes < totalBytes;
    return html`<p class="sum">
        <span>${phase === null ? TEXT.loadBegins : PHASE_TEXT[phase]}</span>
        <span class="figures">
          ${totalBytes > 0 ? html`${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}` : null}
          ${fetching && bytesPerSecond !== null ? html` · ${formatBytes(bytesPerSecond)}/s` : null}
        </span>
      </p>
      <ul>
        ${files.map((file) => this.#row(file))}
      </ul>`;
  }

  #row({ file, loadedBytes, totalBytes }: FileProgress): TemplateResult {
    const name = file.split("/").at(-1) ?? file;
    return html`<li>
      <span class="name">${name}</span>
      <progress aria-label=${name} max=${Math.max(1, totalBytes)} .value=${loadedBytes}></progress>
      <span class="figures">${formatBytes(totalBytes)}</span>
    </li>`;
  }

  static override readonly styles = [
    sharedStyles,
    css`
      :host {
        display: block;
        max-width: 440px;
        margin: 0 auto;
        font-size: 0.875rem;
      }

      .sum {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 16px;
        margin: 0 0 8px;
      }

      .figures {
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }

      ul {
        display: grid;
        grid-template-columns: minmax(0, max-content) 1fr max-content;
        align-items: center;
        gap: 4px 12px;
        margin: 0;
        padding: 0;
        list-style: none;
        font-size: 0.8125rem;
      }

      li {
        display: contents;
      }

      .name {
        color: var(--ink-soft);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      li .figures {
        text-align: right;
      }

      progress {
        appearance: none;
        width: 100%;
        height: 4px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        overflow: hidden;
      }

      progress::-webkit-progress-bar {
        background: var(--line);
      }

      progress::-webkit-progress-value {
        background: var(--you);
        border-radius: 2px;
      }

      progress::-moz-progress-bar {
        background: var(--you);
      }
    `,
  ];
}

customElements.define("sotto-load-progress", SottoLoadProgress);

declare global {
  interface HTMLElementTagNameMap {
    "sotto-load-progress": SottoLoadProgress;
  }
}
