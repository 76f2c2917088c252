// A development server that shows states of the card on the real page, and a way to open one of them in a browser.

import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Beside the ports of `npm start` and of the preview, so that all three may run. */
const PORT = 5187;

/** Starts the server; the caller closes it. */
export async function serveGallery(): Promise<ViteDevServer> {
  const server = await createServer({
    root: ROOT,
    configFile: `${ROOT}/vite.config.ts`,
    logLevel: "error",
    // lit is plain modules. Bundling it on the first visit would reload the page under the test.
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { port: PORT, strictPort: true, hmr: false },
  });
  return server.listen();
}

/** Opens index.html with the gallery in place of the page's own wiring, and waits for the card. */
export async function openState(page: Page, state: string): Promise<void> {
  await page.route("**/src/ui/main.ts*", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: 'import "/e2e/gallery/gallery.ts";',
    }),
  );
  await page.goto(`http://localhost:${PORT}/?state=${state}`);
  await page.locator("sotto-orb button").waitFor();
}
