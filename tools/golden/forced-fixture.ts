// Runs a fixture whose columns and sampled tokens are all given (TTS): conditions, logits and states, step by step.

import type { Runtime, TensorMap } from "../../src/worker/runtime/session.ts";
import type { ConditionValues } from "../../src/worker/transformer/conditions.ts";
import { conditionSum } from "../../src/worker/transformer/conditions.ts";
import type { LmConfig } from "../../src/worker/transformer/config.ts";
import { parseLmConfig } from "../../src/worker/transformer/config.ts";
import { crossMemory } from "../../src/worker/transformer/cross-attention.ts";
import {
  buildFrameGraph,
  FRAME_OUTPUTS,
  NOT_FORCED,
} from "../../src/worker/transformer/frame-graph.ts";
import { LmWeights } from "../../src/worker/transformer/lm-weights.ts";
import { StepFeeds } from "../../src/worker/transformer/step-feeds.ts";
import { Graph } from "../../src/worker/graph/index.ts";
import type { Fixture, FixtureReport, Measure } from "./fixture.ts";
import { judge, LargestError, MismatchCount } from "./fixture.ts";

const LOGITS_BOUND = 1e-3;
const GREEDY = { seed: 0, textTemperature: 0, textTopK: 0, audioTemperature: 0, audioTopK: 0 };

/** True for a fixture that gives the tokens of every column, rather than what a user said. */
export function isForced({ trace }: Fixture): boolean {
  return trace.has("dep_forced_tokens");
}

/**
 * Step s feeds column s of the trace; its depth sub-steps are conditioned on the text token of column s + 1 (of column 0
 * after the last) and on `dep_forced_tokens`.
 */
export async function runForcedFixture(runtime: Runtime, fixture: Fixture): Promise<FixtureReport> {
  const { name, trace, weights } = fixture;
  const config = parseLmConfig(fixture.config);
  const { nQ, depQ, dim, textCard, card } = config;
  const conditions = conditionsOf(fixture, config);
  const worst = {
    condition: new LargestError(),
    logits: new LargestError(),
    audio: new LargestError(),
    state: new LargestError(),
  };
  const summed = conditionSum(
    config,
    conditions,
    new LmWeights(new Graph("conditions", runtime.backend), weights),
  );
  worst.condition.compare(summed, trace.float("condition_sum", [1, 1, dim]).data);

  const { cross } = config;
  const memory = cross && (await crossMemory(runtime, config, cross, weights, [conditions]));
  if (memory)
    worst.condition.compare(memory.vectors, trace.float("condition_cross", [1, null, dim]).data);

  const graph = buildFrameGraph(config, weights, {
    lowering: runtime.backend,
    textCandidates: textCard,
    audioCandidates: card,
    conditions,
    trace: true,
    forcing: true,
    ...(memory ? { memory } : {}),
  });
  const session = await runtime.createSession(graph);
  const feeds = new StepFeeds(graph, config);

  const text = trace.int("text_tokens", [null]).data;
  const steps = text.length;
  const audio = trace.int("audio_tokens", [steps, nQ]).data;
  const forced = trace.int("dep_forced_tokens", [steps, depQ - 1]).data;
  const logits = trace.float("text_logits", [steps, textCard]).data;
  const audioLogits = trace.float("dep_logits", [steps, depQ, card]).data;
  const states = trace.float("transformer_out", [steps, dim]).data;
  const tokens = new MismatchCount();
  for (let step = 0; step < steps; step += 1) {
    const given = [text[(step + 1) % steps] ?? NOT_FORCED, ...row(forced, step, depQ - 1)];
    const fill = (into: Int32Array) =>
      into.set([text[step] ?? NOT_FORCED, ...row(audio, step, nQ)]);
    feeds.fill(step, fill, GREEDY, Int32Array.of(...given, NOT_FORCED));
    const outputs = await session.run(feeds.tensors);
    worst.logits.compare(floats(outputs, "textLogits"), row(logits, step, textCard));
    worst.state.compare(floats(outputs, "hidden"), row(states, step, dim));
    const expected = row(audioLogits, step, depQ * card);
    worst.audio.compare(floats(outputs, "audioLogits"), expected);
    // The last codebook's token is the only one that is sampled.
    const last = row(expected, depQ - 1, card);
    const taken = outputs[FRAME_OUTPUTS.tokens] as Int32Array;
    tokens.compare(taken, [...given, last.indexOf(Math.max(...last))]);
  }
  await session.dispose();

  const measures: Measure[] = [
    { what: "conditions", largest: worst.condition.largest, allowed: LOGITS_BOUND },
    { what: "logits", largest: worst.logits.largest, allowed: LOGITS_BOUND },
    { what: "audio logits", largest: worst.audio.largest, allowed: LOGITS_BOUND },
    { what: "state", largest: worst.state.largest, allowed: LOGITS_BOUND },
  ];
  return judge(name, measures, [{ what: "tokens", differing: tokens.differing, of: tokens.of }]);
}

/** The conditions that the reference ran with: looked-up ones as the config notes them, vectors from the trace. */
function conditionsOf({ config: json, trace }: Fixture, { cross }: LmConfig): ConditionValues {
  const note = json["_trace"] as { "text cond"?: Readonly<Record<string, string>> } | undefined;
  const values = note?.["text cond"] ?? {};
  if (cross === null) return values;
  const { data } = trace.float("speaker", [1, null, cross.width]);
  const mask = trace.int("speaker_mask", [1, null]).data;
  return { ...values, [cross.name]: { data, mask: Array.from(mask, (flag) => flag !== 0) } };
}

function floats(outputs: TensorMap, name: keyof typeof FRAME_OUTPUTS): Float32Array {
  return outputs[FRAME_OUTPUTS[name]] as Float32Array;
}

function row<T extends Float32Array | Int32Array>(data: T, index: number, width: number): T {
  return data.subarray(index * width, (index + 1) * width) as T;
}
