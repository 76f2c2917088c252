// How the pages are built and served: modern syntax kept, our headers on every answer, ONNX Runtime from our own origin.

import { createReadStream, existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Connect, Plugin } from "vite";
import { defaultClientConditions, defineConfig } from "vite";
import { HEADERS } from "./scripts/headers.mjs";

/** Loopback only: the microphone needs a secure context, and nobody else needs the server. */
const HOST = "localhost";
const DEV_PORT = 5173;
const PREVIEW_PORT = 4173;

const setHeaders: Connect.NextHandleFunction = (_request, response, next) => {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  next();
};

/** Puts the headers on every answer, errors included, before any other middleware. */
function headersEverywhere(): Plugin {
  return {
    name: "sotto:headers",
    configureServer: ({ middlewares }) => void middlewares.use(setHeaders),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(setHeaders),
  };
}

/**
 * Serves public/ort as the plain files they are. The development server would otherwise refuse
 * `import("/ort/….mjs")`, because it wants modules to come from the source tree.
 */
function plainOrt(): Plugin {
  const types: Readonly<Record<string, string>> = {
    mjs: "text/javascript",
    wasm: "application/wasm",
  };
  return {
    name: "sotto:plain-ort",
    configureServer({ middlewares, config }) {
      middlewares.use("/ort/", (request, response, next) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        const file = join(config.publicDir, "ort", basename(pathname));
        const type = types[file.split(".").at(-1) ?? ""];
        if (type === undefined || !existsSync(file)) return next();
        response.setHeader("Content-Type", type);
        createReadStream(file).pipe(response);
      });
    },
  };
}

export default defineConfig({
  plugins: [headersEverywhere(), plainOrt()],
  // ONNX Runtime's builds that leave their .wasm and .mjs in public/ort, so that the bundler copies none.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  server: { host: HOST, port: DEV_PORT, strictPort: true },
  preview: { host: HOST, port: PREVIEW_PORT, strictPort: true },
  worker: { format: "es" },
  build: {
    target: "es2024",
    // The policy has no data: URLs, so nothing may be inlined into one.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    // Every page of the repository root.
    rolldownOptions: { input: readdirSync(".").filter((name) => name.endsWith(".html")) },
  },
});
