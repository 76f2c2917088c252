// Completes a config.json that was published without the model's shape. Pure; runs anywhere.

import { MOSHI_7B_CONFIG } from "../weights/default-config.ts";

/** PersonaPlex's config.json says no more than its name: Moshi's network with 16 sub-steps (spec §3.2). */
export function withPublishedShape(json: unknown): unknown {
  const named = json as { readonly model_type?: unknown; readonly dim?: unknown } | null;
  const complete = named?.model_type !== "personaplex" || named.dim !== undefined;
  return complete ? json : { ...MOSHI_7B_CONFIG, dep_q: 16, ...named };
}
