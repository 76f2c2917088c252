// A Moshi-family language model as the frame loop sees it: user codes in, text token and own codes out.
// Puts together scheduler, feeds and the frame graph's session. Runs in the worker, and in Node.

import { SottoError } from "../../shared/errors.ts";
import type { SessionSettings } from "../../shared/protocol.ts";
import type { HostTensor } from "../graph/index.ts";
import type { GraphSession, Runtime, TensorMap } from "../runtime/session.ts";
import type { LanguageModel, PromptItem, StepOutput } from "../speech-model.ts";
import type { ConditionValues, Guidance } from "./conditions.ts";
import { type LmConfig, userCodebooks } from "./config.ts";
import { type CrossMemory, crossMemory } from "./cross-attention.ts";
import { buildFrameGraph, FRAME_OUTPUTS } from "./frame-graph.ts";
import type { TensorSource } from "./lm-weights.ts";
import { buildPrefillGraph, canPrefill, Prefill } from "./prefill.ts";
import { promptedTokens, samePrompt } from "./prompt.ts";
import { Scheduler } from "./scheduler.ts";
import { StepFeeds } from "./step-feeds.ts";
import { END } from "./text-tokens.ts";

/** Candidates that sampling can choose from unless a checkpoint asks for more: the largest published top-k. */
const CANDIDATES = 250;

/** Steps of a prompt in one run: few runs, and little left over that runs step by step. */
const PREFILL = 16;

/** What a step computed, for golden runs and the inspector. Arrays are fresh. */
export interface StepTrace {
  readonly step: number;
  /** Text logits after guidance, `textCard` numbers. */
  readonly textLogits: Float32Array;
  /** Normalised output of the temporal transformer, `dim` numbers a branch. */
  readonly hidden: Float32Array;
  /** Text token, then own codebooks, as sampled: before the scheduler keeps initial tokens. */
  readonly tokens: Int32Array;
  /** Probabilities of the extra heads, one row a head, or null where the model has none. */
  readonly extraHeads: Float32Array | null;
  /** What the step returned: null until own frame 0 is complete. */
  readonly ownCodes: Int32Array | null;
}

/** What a step yields whose tokens may have been forced. */
export interface ForcedOutput extends StepOutput {
  /** The text token that the model would have taken. */
  readonly sampledText: number;
}

export interface LanguageModelOptions {
  /** Values of the model's conditions (spec §4.1), if it has any. */
  readonly conditions?: ConditionValues;
  readonly guidance?: Guidance;
  /** Makes `step` accept forced tokens, and `start` a prompt (spec §5.5). The default is what the model is made for. */
  readonly forcing?: boolean;
  /** Steps of a prompt that run at once, 0 for one by one. The default is PREFILL. */
  readonly prefill?: number;
  /** Called after every step that is run by itself, step 0 included. Costs a larger readback. */
  readonly trace?: (trace: StepTrace) => void;
}

/**
 * Compiles the model on a runtime. `source`'s arrays are borrowed until the promise settles.
 * @throws SottoError `model-shape-mismatch`, `model-file-malformed`, `model-unsupported`, `engine-failed` */
export async function createLanguageModel(
  runtime: Runtime,
  config: LmConfig,
  source: TensorSource,
  options: LanguageModelOptions = {},
): Promise<MoshiLanguageModel> {
  const { trace, prefill: positions = PREFILL, ...graphOptions } = options;
  const memory = await memoryOf(runtime, config, source, options);
  const forcing = options.forcing ?? config.prompted;
  const shared = { lowering: runtime.backend, stacks: new Map<string, HostTensor<"float32">>() };
  const graph = buildFrameGraph(config, source, {
    ...graphOptions,
    ...memory,
    ...shared,
    forcing,
    textCandidates: candidates(config.defaults.textTopK, config.textCard),
    audioCandidates: candidates(config.defaults.audioTopK, config.card),
    trace: trace !== undefined,
  });
  const session = await runtime.createSession(graph);
  if (!forcing || positions === 0 || options.guidance || !canPrefill(config))
    return new MoshiLanguageModel(session, null, config, trace);
  try {
    const prefillGraph = buildPrefillGraph(config, source, {
      ...graphOptions,
      ...shared,
      positions,
    });
    const prefill = new Prefill(
      await runtime.createSession(prefillGraph, session),
      config,
      positions,
    );
    return new MoshiLanguageModel(session, prefill, config, trace);
  } catch (thrown) {
    await session.dispose();
    throw thrown;
  }
}

/** Keys and values that cross attention reads, for a model that has it. */
async function memoryOf(
  runtime: Runtime,
  config: LmConfig,
  source: TensorSource,
  { conditions = {}, guidance }: LanguageModelOptions,
): Promise<{ readonly memory?: CrossMemory }> {
  if (config.cross === null) return {};
  const branches = guidance ? [conditions, guidance.negative] : [conditions];
  return { memory: await crossMemory(runtime, config, config.cross, source, branches) };
}

/** How many candidates the graph keeps, for a default top-k of `topK`, of which 0 means all. */
function candidates(topK: number, vocabulary: number): number {
  return topK === 0 ? vocabulary : Math.min(vocabulary, Math.max(CANDIDATES, topK));
}

export class MoshiLanguageModel implements LanguageModel {
  readonly #session: GraphSession;
  readonly #prefill: Prefill | null;
  readonly #config: LmConfig;
  readonly #scheduler: Scheduler;
  readonly #feeds: StepFeeds;
  readonly #trace: ((trace: StepTrace) => void) | undefined;
  #settings: SessionSettings;
  #prompt: readonly PromptItem[] = [];
  /** The prompt whose keys and values the last session has put into the ring. */
  #held: readonly PromptItem[] = [];
  #inputEnded = false;
  #ended = false;

  /** Called by `createLanguageModel` only. Owns `session` and `prefill`, which writes to its rings. */
  constructor(
    session: GraphSession,
    prefill: Prefill | null,
    config: LmConfig,
    trace: ((trace: StepTrace) => void) | undefined,
  ) {
    this.#session = session;
    this.#prefill = prefill;
    this.#config = config;
    this.#scheduler = new Scheduler(config);
    this.#feeds = new StepFeeds(session.graph, config);
    this.#trace = trace;
    this.#settings = config.defaults;
  }

  /**
   * A prompt that the last session began with costs one step: nothing that it feeds depends on what is sampled, so its
   * keys and values hold for as long as the ring has not come round to them.
   */
  async start(settings: SessionSettings, prompt: readonly PromptItem[] = []): Promise<void> {
    this.#checkPrompt(prompt);
    const unspoilt = this.#scheduler.step <= this.#config.context;
    const held = unspoilt && prompt.length > 1 && samePrompt(prompt, this.#held);
    this.#rewind(settings);
    if (held) this.#pass(prompt, prompt.length - 1);
    else {
      this.#held = [];
      await this.#session.reset();
      await this.#prefillChunks(prompt);
    }
    this.#prompt = prompt;
    // Item 0 stands in initial columns only: the user's items are the frames that drive the steps after step 0.
    if (this.#scheduler.step === 0) await this.#run();
    for (const { user } of prompt.slice(this.#scheduler.step)) await this.step(user);
    this.#held = structuredClone(prompt);
  }

  /** Starts without a prompt: step 0, with tokens forced as `step` does. */
  async begin(
    settings: SessionSettings,
    forced?: Int32Array,
    onWord?: number,
  ): Promise<ForcedOutput> {
    this.#rewind(settings);
    this.#held = [];
    await this.#session.reset();
    return this.#run(forced, onWord);
  }

  /**
   * @param forced text token, then own codebooks, each a token to take instead of sampling (−1 is the zero vector)
   *   or NOT_FORCED. Only for a model created with `forcing`.
   * @param onWord text token to take instead of the forced one when the model samples WORD, or NOT_FORCED
   */
  async step(userCodes: Int32Array, forced?: Int32Array, onWord?: number): Promise<ForcedOutput> {
    this.#scheduler.placeUser(userCodes);
    return this.#run(forced, onWord);
  }

  async endOfInput(): Promise<StepOutput> {
    if (!this.#config.translates) {
      throw new SottoError(
        "bad-argument",
        "This model does not know an end of its input.",
        "Tell only a model that translates (Hibiki) that its source has ended.",
      );
    }
    this.#inputEnded = true;
    return this.step(new Int32Array(userCodebooks(this.#config)).fill(this.#config.card));
  }

  async dispose(): Promise<void> {
    await this.#prefill?.dispose();
    await this.#session.dispose();
  }

  /** Back to before step 0, all but the keys and values. */
  #rewind(settings: SessionSettings): void {
    this.#checkSettings(settings);
    this.#settings = settings;
    this.#prompt = [];
    this.#inputEnded = false;
    this.#ended = false;
    this.#scheduler.reset();
    this.#feeds.reset(settings.seed);
  }

  /** Leaves out the next steps of a prompt, but for what they leave behind in host memory. → their columns */
  #pass(prompt: readonly PromptItem[], steps: number): Int32Array[] {
    return prompt.slice(this.#scheduler.step, this.#scheduler.step + steps).map(({ user }) => {
      const { step } = this.#scheduler;
      if (step > 0) this.#scheduler.placeUser(user);
      const column = new Int32Array(1 + this.#config.nQ);
      this.#scheduler.column(column);
      this.#feeds.skip(step, this.#settings);
      // What is not forced falls in initial columns, which keep their own tokens.
      this.#scheduler.complete(this.#promptedBy(prompt, step));
      return column;
    });
  }

  /** Runs as much of a prompt as goes in whole chunks. Its last step, whose samples are kept, is not among them. */
  async #prefillChunks(prompt: readonly PromptItem[]): Promise<void> {
    if (this.#prefill === null) return;
    const { positions } = this.#prefill;
    const end = Math.min(prompt.length - 1, this.#config.context);
    for (let step = 0; step + positions <= end; step += positions)
      await this.#prefill.run(step, this.#pass(prompt, positions));
  }

  #promptedBy(prompt: readonly PromptItem[], step: number): Int32Array {
    return promptedTokens(prompt, this.#config.delays, this.#config.depQ, step);
  }

  async #run(forced?: Int32Array, onWord?: number): Promise<ForcedOutput> {
    const { step } = this.#scheduler;
    const column = (into: Int32Array) => this.#scheduler.column(into);
    const prompted = this.#prompt.length > 0 ? this.#promptedBy(this.#prompt, step) : undefined;
    const taken = forced ?? prompted;
    this.#feeds.fill(step, column, this.#settings, taken, onWord);
    const outputs = await this.#session.run(this.#feeds.tensors);
    const tokens = int32(outputs, FRAME_OUTPUTS.tokens);
    const ownCodes = this.#scheduler.complete(tokens);
    const heads = outputs[FRAME_OUTPUTS.extraHeads] && float32(outputs, FRAME_OUTPUTS.extraHeads);
    this.#trace?.({
      step,
      tokens,
      ownCodes,
      textLogits: float32(outputs, FRAME_OUTPUTS.textLogits),
      hidden: float32(outputs, FRAME_OUTPUTS.hidden),
      extraHeads: heads ?? null,
    });
    const kept = step + 1 > (this.#config.delays[0] ?? 0);
    const textToken = kept ? (tokens[0] as number) : this.#config.textCard;
    this.#ended ||= this.#inputEnded && textToken === END;
    return {
      step,
      textToken,
      ownCodes,
      sampledText: (outputs[FRAME_OUTPUTS.sampledText] ?? tokens)[0] as number,
      ended: this.#ended,
      ...(heads ? { pauses: this.#pauses(heads) } : {}),
    };
  }

  /** The first class of every head, in the first branch: nothing was said. */
  #pauses(heads: Float32Array): Float32Array {
    const { count } = this.#config.extraHeads ?? { count: 0 };
    return Float32Array.from({ length: count }, (_, i) => heads[(i * heads.length) / count] ?? NaN);
  }

  #checkPrompt(prompt: readonly PromptItem[]): void {
    if (prompt.length === 0) return;
    if (!this.#feeds.forcing) {
      throw new SottoError(
        "bad-argument",
        "This model takes no prompt.",
        "Load it with forced tokens allowed, or talk to it without a prompt.",
      );
    }
    const { depQ } = this.#config;
    const users = userCodebooks(this.#config);
    if (prompt.some(({ own, user }) => own.length !== depQ || user.length !== users)) {
      throw new SottoError(
        "bad-argument",
        `A prompt of this model has ${depQ} own codes and ${users} user codes an item.`,
        "Make the prompt with this model's codec.",
      );
    }
  }

  /** The graph was built for so many candidates and no more: asking for more must not quietly give fewer. */
  #checkSettings(settings: SessionSettings): void {
    for (const name of ["textTemperature", "audioTemperature"] as const) {
      const value = settings[name];
      if (!(Number.isFinite(value) && value >= 0)) {
        throw badSetting(name, value, "0, for the most likely token, or a number above");
      }
    }
    const { candidates: kept } = this.#feeds;
    const { textCard, card } = this.#config;
    for (const [name, most, vocabulary] of [
      ["textTopK", kept.text, textCard],
      ["audioTopK", kept.audio, card],
    ] as const) {
      const value = settings[name];
      const all = most === vocabulary || most === 0;
      if (!Number.isInteger(value) || value < 0 || (!all && (value === 0 || value > most))) {
        throw badSetting(name, value, `a whole number from 1 to ${most}`);
      }
    }
  }
}

function badSetting(name: string, value: number, choices: string): SottoError {
  return new SottoError("bad-argument", `The setting ${name} is ${value}.`, `Choose ${choices}.`);
}

function int32(outputs: TensorMap, name: string): Int32Array {
  const data = outputs[name];
  if (!(data instanceof Int32Array))
    throw new TypeError(`The frame graph gave no int32 "${name}".`);
  return data;
}

function float32(outputs: TensorMap, name: string): Float32Array {
  const data = outputs[name];
  if (!(data instanceof Float32Array))
    throw new TypeError(`The frame graph gave no float32 "${name}".`);
  return data;
}
