// A development server for the audio harness, which is no part of the built page.

import { fileURLToPath } from "node:url";
import { createServer, type ViteDevServer } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Beside the ports of `npm start`, of the preview and of the gallery. */
const PORT = 5188;

export const HARNESS_URL = `http://localhost:${PORT}/e2e/audio/harness.html`;

/** Starts the server; the caller closes it. */
export async function serveHarness(): Promise<ViteDevServer> {
  const server = await createServer({
    root: ROOT,
    configFile: `${ROOT}/vite.config.ts`,
    logLevel: "error",
    server: { port: PORT, strictPort: true, hmr: false },
  });
  return server.listen();
}
