// Styles that several elements share. Constructed style sheets: the policy of the page allows no inline style.

import { css } from "lit";

export const sharedStyles = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  button,
  select {
    font: inherit;
    color: inherit;
  }

  button.quiet,
  button.firm,
  select {
    min-height: 40px;
    padding: 0 16px;
    border: 1px solid var(--line);
    border-radius: 999px;
    background: transparent;
    cursor: pointer;
  }

  button.quiet:hover:not(:disabled),
  select:hover:not(:disabled) {
    background: var(--sunken);
  }

  button.firm {
    border-color: var(--ink);
    background: var(--ink);
    color: var(--surface);
    font-weight: 600;
  }

  button.firm:hover {
    opacity: 0.88;
  }

  :focus-visible {
    outline: 2px solid var(--you);
    outline-offset: 2px;
  }

  svg.glyph {
    width: 1.25em;
    height: 1.25em;
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
    vertical-align: -0.25em;
  }

  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
