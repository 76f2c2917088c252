// Runs a language model fixture: greedy, call by call, against the reference's logits, states and tokens.

import type { Runtime } from "../../src/worker/runtime/session.ts";
import type { LmConfig } from "../../src/worker/transformer/config.ts";
import { parseLmConfig, userCodebooks } from "../../src/worker/transformer/config.ts";
import type {
  LanguageModelOptions,
  StepTrace,
} from "../../src/worker/transformer/language-model.ts";
import { createLanguageModel } from "../../src/worker/transformer/language-model.ts";
import type { Fixture, FixtureReport, Measure } from "./fixture.ts";
import { judge, LargestError, MismatchCount } from "./fixture.ts";

const LOGITS_BOUND = 1e-3;
const GREEDY = { seed: 0, textTemperature: 0, textTopK: 0, audioTemperature: 0, audioTopK: 0 };
/** What the reference writes for a call that returned nothing because the delay was still filling. */
const NOTHING_YET = -99;

/** The trace's first call got dummy user tokens, which is step 0; call f+1 got user frame f (spec §5.1, §11). */
export async function runLanguageFixture(
  runtime: Runtime,
  fixture: Fixture,
): Promise<FixtureReport> {
  const { name, trace, weights } = fixture;
  const config = parseLmConfig(fixture.config);
  const steps: StepTrace[] = [];
  const options = optionsOf(fixture.config);
  const model = await createLanguageModel(runtime, config, weights, {
    ...options,
    trace: (step) => void steps.push(step),
  });
  const width = userCodebooks(config);
  const user = trace.int("user_codes", [null, width]).data;
  await model.start(GREEDY);
  for (let at = 0; at < user.length; at += width) await model.step(user.slice(at, at + width));
  await model.dispose();
  return compare(name, config, fixture, steps, options.guidance ? 2 : 1);
}

function compare(
  name: string,
  config: LmConfig,
  { trace }: Fixture,
  steps: readonly StepTrace[],
  branches: number,
): FixtureReport {
  const { depQ, textCard, dim, extraHeads } = config;
  const calls = steps.length;
  const logits = trace.float("text_logits_per_call", [calls, textCard]).data;
  const states = trace.float("transformer_out_per_call", [calls, branches, dim]).data;
  const frames = trace.int("outputs_per_call", [calls, 1 + depQ]).data;
  const audio = depQ
    ? trace.int("raw_audio_tokens_per_call", [calls, depQ]).data
    : new Int32Array();
  const headShape = extraHeads ? ([calls, extraHeads.count, extraHeads.dim] as const) : null;
  const heads = headShape ? trace.float("extra_heads_softmax_per_call", headShape).data : null;

  const worst = {
    logits: new LargestError(),
    state: new LargestError(),
    heads: new LargestError(),
  };
  const tokens = new MismatchCount();
  const delay = Math.max(...config.delays);
  for (const [call, step] of steps.entries()) {
    worst.logits.compare(step.textLogits, row(logits, call, textCard));
    worst.state.compare(step.hidden, row(states, call, branches * dim));
    if (heads && extraHeads)
      worst.heads.compare(
        step.extraHeads ?? new Float32Array(),
        row(heads, call, extraHeads.count * extraHeads.dim),
      );
    tokens.compare(step.tokens.subarray(1, 1 + depQ), row(audio, call, depQ));
    // A frame's codes complete `delay` steps after the step that began it, which sampled its text (spec §5.1).
    const frame = call - delay;
    const text =
      frame < 0 ? NOTHING_YET : (steps[frame + (config.delays[0] ?? 0)]?.tokens[0] ?? NaN);
    const own = step.ownCodes ?? new Int32Array(depQ).fill(NOTHING_YET);
    tokens.compare([text, ...own], row(frames, call, 1 + depQ));
  }
  const measures: Measure[] = [
    { what: "logits", largest: worst.logits.largest, allowed: LOGITS_BOUND },
    { what: "state", largest: worst.state.largest, allowed: LOGITS_BOUND },
  ];
  if (heads) measures.push({ what: "heads", largest: worst.heads.largest, allowed: LOGITS_BOUND });
  return judge(name, measures, [{ what: "tokens", differing: tokens.differing, of: tokens.of }]);
}

/** The conditions and guidance that the reference ran with, as the fixture's config notes them. */
function optionsOf(config: Readonly<Record<string, unknown>>): LanguageModelOptions {
  const note = config["_trace"] as { condition?: unknown; cfg_coef?: unknown } | undefined;
  if (typeof note?.condition !== "string") return {};
  const match = /^(\w+) \/ negative (\w+)$/.exec(note.condition);
  if (!match) throw new Error(`cannot read the condition "${note.condition}"`);
  const [, positive = "", negative = ""] = match;
  const conditions = { description: positive };
  const scale = Number(note.cfg_coef ?? 1);
  return scale === 1
    ? { conditions }
    : { conditions, guidance: { scale, negative: { description: negative } } };
}

function row<T extends Float32Array | Int32Array>(data: T, index: number, width: number): T {
  return data.subarray(index * width, (index + 1) * width) as T;
}
