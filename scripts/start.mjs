// `npm start`: sets up what is missing, builds, and serves the page on one fixed address.

import { runMain, say } from "./console.mjs";
import { setUp } from "./setup.mjs";

await runMain(async () => {
  setUp();
  // Only now is Vite sure to be installed.
  const { build, preview } = await import("vite");
  say("building");
  await build({ logLevel: "warn" });
  const server = await preview();
  say("open this address in Chrome or Edge, press the orb, and speak. Ctrl+C ends.");
  server.printUrls();
});
