// Draws the orb on a canvas: an outer ring that is you and a core that is Sotto, each driven by its own level.
// Page thread; no DOM besides the context. Every look differs in shape, not only in colour.

import type { Levels } from "./card-view.ts";
import type { Look } from "./look.ts";

/** Colours as CSS strings, read from the page's custom properties. */
export interface OrbColours {
  readonly you: string;
  readonly sotto: string;
  readonly sottoLight: string;
  /** The same with no opacity: a gradient to plain "transparent" passes through grey. */
  readonly sottoFaded: string;
  readonly idle: string;
}

export interface OrbFrame {
  readonly look: Look;
  /** Eased levels, 0…1 as the eye should see them (see `visible`). */
  readonly levels: Levels;
  /** Loaded share while loading, 0…1. */
  readonly share: number;
  /** Seconds of animation, standing still under reduced motion. */
  readonly seconds: number;
  readonly colours: OrbColours;
}

type RingStyle = "none" | "thin" | "voice" | "progress" | "dashed" | "dotted" | "broken";

interface Shape {
  /** Radius of the core at rest, as a share of the canvas width. */
  readonly core: number;
  readonly ring: RingStyle;
  readonly coreStyle: "full" | "grey" | "hollow";
}

const SHAPES: Readonly<Record<Look, Shape>> = {
  unsupported: { core: 0.4, ring: "none", coreStyle: "hollow" },
  loading: { core: 0.2, ring: "progress", coreStyle: "full" },
  ready: { core: 0.27, ring: "thin", coreStyle: "full" },
  starting: { core: 0.24, ring: "dashed", coreStyle: "full" },
  listening: { core: 0.18, ring: "voice", coreStyle: "full" },
  speaking: { core: 0.28, ring: "thin", coreStyle: "full" },
  both: { core: 0.28, ring: "voice", coreStyle: "full" },
  muted: { core: 0.22, ring: "broken", coreStyle: "full" },
  degraded: { core: 0.24, ring: "dotted", coreStyle: "full" },
  stopping: { core: 0.16, ring: "thin", coreStyle: "grey" },
  failed: { core: 0.4, ring: "none", coreStyle: "grey" },
};

/** Radius of the ring, as a share of the canvas width; leaves room for the loudest voice. */
const RING = 0.4;
const TURN = 2 * Math.PI;
const CORNERS = 96;

/** Core radius at rest of a look, for easing from one look to the next. */
export function coreRadius(look: Look): number {
  return SHAPES[look].core;
}

/** A quiet room, or a decoder that says nothing: −46 dB. The square root below would make it dance. */
const STILL_RMS = 0.005;

/** RMS 0…1 to what the eye takes for loudness: the square root lifts quiet speech, and speech rarely passes 0.25. */
export function visible(rms: number): number {
  return Math.min(1, Math.sqrt(Math.max(0, rms - STILL_RMS) * 4));
}

/** Paints one frame onto a square canvas of `width` pixels. `core` is the eased radius as a share of the width. */
export function paintOrb(
  context: CanvasRenderingContext2D,
  width: number,
  core: number,
  frame: OrbFrame,
): void {
  const shape = SHAPES[frame.look];
  context.clearRect(0, 0, width, width);
  context.save();
  context.translate(width / 2, width / 2);
  paintRing(context, width, shape.ring, frame);
  paintCore(context, width, core, shape.coreStyle, frame);
  context.restore();
}

function paintRing(
  context: CanvasRenderingContext2D,
  width: number,
  style: RingStyle,
  { levels, share, seconds, colours }: OrbFrame,
): void {
  if (style === "none") return;
  const radius = RING * width;
  const hair = width * 0.006;
  context.lineCap = "round";
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.strokeStyle = colours.you;
  switch (style) {
    case "thin":
      context.globalAlpha = 0.55;
      context.lineWidth = hair;
      circle(context, radius);
      // A quiet voice still shows while Sotto speaks.
      if (levels.user > 0.02) paintVoice(context, width, radius, levels.user, seconds, colours);
      break;
    case "voice":
      paintVoice(context, width, radius, levels.user, seconds, colours);
      break;
    case "progress":
      context.strokeStyle = colours.idle;
      context.globalAlpha = 0.35;
      context.lineWidth = hair * 2.2;
      circle(context, radius);
      context.strokeStyle = colours.you;
      context.globalAlpha = 1;
      context.beginPath();
      context.arc(0, 0, radius, -TURN / 4, -TURN / 4 + Math.max(0.004, share) * TURN);
      context.stroke();
      break;
    case "dashed":
      context.lineWidth = hair * 1.6;
      context.setLineDash([radius * 0.16, radius * 0.102]);
      context.lineDashOffset = -seconds * radius * 0.35;
      circle(context, radius);
      break;
    case "dotted":
      context.lineWidth = hair * 2.4;
      context.setLineDash([0.01, (TURN * radius) / 36]);
      circle(context, radius);
      break;
    case "broken":
      context.strokeStyle = colours.idle;
      context.lineWidth = hair * 2;
      for (const middle of [0, TURN / 2]) {
        context.beginPath();
        context.arc(0, 0, radius, middle - TURN * 0.19, middle + TURN * 0.19);
        context.stroke();
      }
      break;
    default:
      style satisfies never;
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** The ring as your voice: a firm line, and a soft echo of it outside that opens with loudness. */
function paintVoice(
  context: CanvasRenderingContext2D,
  width: number,
  radius: number,
  level: number,
  seconds: number,
  colours: OrbColours,
): void {
  context.strokeStyle = colours.you;
  context.lineWidth = width * (0.008 + 0.016 * level);
  context.globalAlpha = 1;
  wave(context, radius, width * 0.022 * level, seconds * 2.2);
  context.stroke();
  context.globalAlpha = 0.22 * level;
  context.lineWidth = width * 0.03 * (0.3 + level);
  wave(context, radius + width * 0.045 * level, width * 0.03 * level, -seconds * 1.6);
  context.stroke();
  context.globalAlpha = 1;
}

function paintCore(
  context: CanvasRenderingContext2D,
  width: number,
  core: number,
  style: Shape["coreStyle"],
  { levels, seconds, colours }: OrbFrame,
): void {
  const breath = 1 + 0.012 * Math.sin(seconds * 1.7);
  const radius = width * Math.min(0.42, core * breath + 0.06 * levels.own);
  if (style === "hollow") {
    context.strokeStyle = colours.idle;
    context.lineWidth = width * 0.014;
    circle(context, radius);
    return;
  }
  if (style === "full") {
    const glow = context.createRadialGradient(0, 0, radius * 0.7, 0, 0, radius * 1.45);
    glow.addColorStop(0, colours.sottoLight);
    glow.addColorStop(1, colours.sottoFaded);
    context.globalAlpha = 0.14 + 0.3 * levels.own;
    context.fillStyle = glow;
    context.beginPath();
    context.arc(0, 0, radius * 1.45, 0, TURN);
    context.fill();
  }
  context.globalAlpha = 1;
  if (style === "grey") {
    context.fillStyle = colours.idle;
  } else {
    // Lit from above left, so that a disc reads as a ball.
    const body = context.createRadialGradient(
      -radius * 0.35,
      -radius * 0.45,
      radius * 0.1,
      0,
      0,
      radius * 1.15,
    );
    body.addColorStop(0, colours.sottoLight);
    body.addColorStop(1, colours.sotto);
    context.fillStyle = body;
  }
  wave(context, radius, style === "full" ? width * 0.02 * levels.own : 0, seconds * 2.8);
  context.fill();
}

function circle(context: CanvasRenderingContext2D, radius: number): void {
  context.beginPath();
  context.arc(0, 0, radius, 0, TURN);
  context.stroke();
}

/** A closed curve around the centre: a circle with three slow waves on it that never repeat together. */
function wave(
  context: CanvasRenderingContext2D,
  radius: number,
  height: number,
  phase: number,
): void {
  context.beginPath();
  for (let corner = 0; corner <= CORNERS; corner += 1) {
    const angle = (corner / CORNERS) * TURN;
    const lift =
      height *
      (0.5 * Math.sin(3 * angle + phase) +
        0.3 * Math.sin(5 * angle - 1.31 * phase) +
        0.2 * Math.sin(8 * angle + 1.73 * phase));
    const x = (radius + lift) * Math.cos(angle);
    const y = (radius + lift) * Math.sin(angle);
    if (corner === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
}
