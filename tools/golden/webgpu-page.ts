// A page on WebGPU for tools and tests: bundles one script, serves it on loopback under the product's own headers, opens
// it in a headless Chromium with the software adapter, so that any machine can, and closes everything again. Node only.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "@playwright/test";
import { chromium } from "@playwright/test";
import { build, defaultClientConditions } from "vite";
import { ensureChromium } from "../../scripts/chromium.mjs";
import { HEADERS } from "../../scripts/headers.mjs";

const ORT_FOLDER = fileURLToPath(
  new URL("../../node_modules/onnxruntime-web/dist/", import.meta.url),
);
const SCRIPT = "page.js";
const PAGE = `<!doctype html><title>test</title><script type="module" src="/${SCRIPT}"></script>`;

/** SwiftShader: WebGPU on the CPU. */
export const SOFTWARE_WEBGPU_FLAGS = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--no-sandbox",
];

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/**
 * Calls `use` with a page that runs the script `entry` and finds the files of `folder` under /fixtures/ and ONNX
 * Runtime's under /ort/. Rejects when the browser does not start, or as `use` does.
 */
export async function withWebGpuPage<T>(
  entry: string,
  folder: string,
  use: (page: Page, browser: Browser) => Promise<T>,
): Promise<T> {
  const server = await serve(folder, await bundle(entry));
  try {
    const browser = await chromium.launch({
      executablePath: await ensureChromium(),
      args: SOFTWARE_WEBGPU_FLAGS,
    });
    try {
      const page = await browser.newPage();
      page.on("pageerror", (error) => console.error(`page: ${error.message}`));
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
      return await use(page, browser);
    } finally {
      await browser.close();
    }
  } finally {
    server.close();
  }
}

/** The page's script and its chunks, by file name. */
async function bundle(entry: string): Promise<ReadonlyMap<string, string>> {
  const results = await build({
    configFile: false,
    logLevel: "error",
    publicDir: false,
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2024",
      minify: false,
      lib: { entry, formats: ["es"], fileName: () => SCRIPT },
    },
  });
  const files = new Map<string, string>();
  for (const result of Array.isArray(results) ? results : [results])
    if ("output" in result)
      for (const file of result.output)
        if (file.type === "chunk") files.set(file.fileName, file.code);
  return files;
}

async function serve(folder: string, scripts: ReadonlyMap<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(request, response, folder, scripts).catch((cause: unknown) => {
      response.writeHead(500).end(String(cause));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  scripts: ReadonlyMap<string, string>,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/") {
    response.setHeader("Content-Type", "text/html").end(PAGE);
    return;
  }
  response.setHeader(
    "Content-Type",
    CONTENT_TYPES[extname(pathname)] ?? "application/octet-stream",
  );
  const script = scripts.get(pathname.slice(1));
  if (script !== undefined) {
    response.end(script);
    return;
  }
  const root = pathname.startsWith("/ort/") ? ORT_FOLDER : folder;
  const file = join(root, basename(pathname));
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader("Content-Length", found.size);
  createReadStream(file).pipe(response);
}
