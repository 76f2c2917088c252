// The response headers of every answer of every server: the only home of the policy.
// vite.config.ts serves them in development and preview; `node scripts/headers.mjs` writes the same
// table for static hosts (public/_headers, netlify.toml, vercel.json).

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Own origin only. A worker and a worklet take their policy from their own response, so this is a
 * header on every file and not a meta tag. `wasm-unsafe-eval` lets ONNX Runtime compile WebAssembly.
 * `blob:` is left out on purpose: no script comes from anywhere but a file of ours.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** @type {Readonly<Record<string, string>>} */
export const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  // The pair makes the page cross-origin isolated: WebAssembly threads and fine timers.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

const WRITTEN_BY = "Written by `npm run headers` from scripts/headers.mjs; do not edit.";

/**
 * The table in the format of each static host, by file name from the repository root.
 * @returns {Readonly<Record<string, string>>}
 */
export function hostFiles() {
  const entries = Object.entries(HEADERS);
  return {
    "public/_headers": [
      `# ${WRITTEN_BY}`,
      "/*",
      ...entries.map(([name, value]) => `  ${name}: ${value}`),
      "",
    ].join("\n"),
    "netlify.toml": [
      `# ${WRITTEN_BY}`,
      "[build]",
      '  command = "npm run setup && npm run build"',
      '  publish = "dist"',
      "",
      "[[headers]]",
      '  for = "/*"',
      "  [headers.values]",
      ...entries.map(([name, value]) => `    ${name} = "${value}"`),
      "",
    ].join("\n"),
    "vercel.json": `${JSON.stringify(
      {
        buildCommand: "npm run setup && npm run build",
        outputDirectory: "dist",
        headers: [{ source: "/(.*)", headers: entries.map(([key, value]) => ({ key, value })) }],
      },
      null,
      2,
    )}\n`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(hostFiles())) writeFileSync(file, text);
}
