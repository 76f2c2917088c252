// `npm run screenshots [-- OUT [STATE…]]`: every state of the card at desktop and phone width, light and dark, as PNG.

import { mkdir } from "node:fs/promises";
import { chromium } from "@playwright/test";
import { ensureChromium } from "../../scripts/chromium.mjs";
import { openState, serveGallery } from "./serve.ts";
import { STATES } from "./states.ts";

const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
} as const;
const SCHEMES = ["light", "dark"] as const;
/** The orb has eased to its look by then. */
const SETTLE_MS = 900;

const [out = ".cache/screenshots", ...named] = process.argv.slice(2);
const names = named.length > 0 ? named : Object.keys(STATES);
await mkdir(out, { recursive: true });

const server = await serveGallery();
const browser = await chromium.launch({ executablePath: await ensureChromium() });
try {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of SCHEMES) {
      const page = await browser.newPage({ viewport, colorScheme });
      page.on("pageerror", (error) => console.error(error));
      page.on("console", (message) => {
        if (message.type() === "error") console.error(message.text());
      });
      for (const name of names) {
        await openState(page, name);
        await page.waitForTimeout(SETTLE_MS);
        await page.screenshot({ path: `${out}/${name}-${size}-${colorScheme}.png` });
      }
      await page.close();
    }
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(
  `wrote ${names.length * Object.keys(SIZES).length * SCHEMES.length} pictures to ${out}`,
);
