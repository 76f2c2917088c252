// Makes the model worker and the client that watches over it. The only place that names the worker's script.

import { EngineClient, type EngineListener } from "./engine-client.ts";

/** A fresh worker, not loaded yet. Throws where the browser refuses to make one. */
export function createEngine(listener: EngineListener): EngineClient {
  const worker = new Worker(new URL("../worker/index.ts", import.meta.url), {
    type: "module",
    name: "sotto-engine",
  });
  return new EngineClient(worker, listener);
}
