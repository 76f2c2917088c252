// The small drawings on the orb and on buttons: 24 × 24, drawn with the current colour.

import { svg, type SVGTemplateResult } from "lit";

export const MIC = svg`<rect x="9" y="3" width="6" height="11" rx="3" fill="currentColor" stroke="none"/>
  <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>`;
export const MIC_OFF = svg`<path d="M9 9.5V6a3 3 0 0 1 6 0v5M9 12.5a3 3 0 0 0 4.2 1.3M5.5 11.5a6.5 6.5 0 0 0 9.6 5.7M18.5 11.5a6.5 6.5 0 0 1-.9 3.3M12 18v3M4 4l16 16"/>`;
export const WAVES = svg`<path d="M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4"/>`;
export const HOURGLASS = svg`<path d="M7 3.5h10M7 20.5h10M8 3.5v3.2c0 2.3 4 3.6 4 5.3s-4 3-4 5.3v3.2M16 3.5v3.2c0 2.3-4 3.6-4 5.3s4 3 4 5.3v3.2"/>`;
export const EXCLAMATION = svg`<path d="M12 4.5v9.5M12 19v.5"/>`;
export const BAR = svg`<path d="M5 12h14"/>`;
export const NO_GLYPH: SVGTemplateResult = svg``;
