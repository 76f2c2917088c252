// Where each tensor is in a file of any of the three naming schemes (spec §6.3): PyTorch with fused or split
// projections, MLX, and candle's safetensors and GGUF; and the codec's old codebook names (§6.2). Pure.

import type { CanonicalTensors } from "./canonical.ts";

/**
 * Rows of a canonical tensor. The file may hold them several times, since MLX and candle repeat what the depth
 * transformer's sub-steps share: the first name is read, and the others must hold the same.
 */
export type Part = readonly [name: string, ...copies: string[]];

/** How a canonical tensor is made: its parts' rows below one another. */
export interface Recipe {
  readonly shape: readonly number[];
  readonly parts: readonly Part[];
}

/** What became of every name, on both sides. */
export interface NamePlan {
  readonly recipes: ReadonlyMap<string, Recipe>;
  /** Canonical names that the file has under no scheme. */
  readonly missing: readonly string[];
  /** Names in the file that no canonical tensor is made of. */
  readonly unused: readonly string[];
  /** Canonical names whose shape in the file is another than the config implies. */
  readonly mismatched: readonly string[];
}

/**
 * Finds every canonical tensor among a file's names and shapes.
 * @param schedule the weight set of each sub-step of the depth transformer (spec §4); empty without one
 */
export function planNames(
  canonical: CanonicalTensors,
  file: ReadonlyMap<string, readonly number[]>,
  schedule: readonly number[],
): NamePlan {
  const recipes = new Map<string, Recipe>();
  const missing: string[] = [];
  const mismatched: string[] = [];
  const used = new Set<string>();
  for (const [name, { shape: expected, optional }] of canonical) {
    const parts = findParts(name, file, schedule);
    if (!parts) {
      if (!optional) missing.push(name);
      continue;
    }
    for (const copy of parts.flat()) used.add(copy);
    const shape = fit(parts, expected, file);
    if (shape) recipes.set(name, { shape, parts });
    else mismatched.push(name);
  }
  const unused = [...file.keys()].filter((name) => !used.has(name));
  return { recipes, missing, unused, mismatched };
}

/** Names of a canonical tensor's parts, in one scheme after the other. */
export function* alternatives(
  name: string,
  schedule: readonly number[],
): Generator<readonly Part[]> {
  yield [[name]];
  for (const other of renamed(name)) yield [[other]];
  yield* depthParts(name, schedule);
}

function findParts(
  name: string,
  file: ReadonlyMap<string, readonly number[]>,
  schedule: readonly number[],
): readonly Part[] | null {
  for (const parts of alternatives(name, schedule)) {
    const found = parts.map((part) => part.filter((copy) => file.has(copy)));
    if (found.length > 0 && areParts(found)) return found;
  }
  return null;
}

function isPart(names: readonly string[]): names is Part {
  return names.length > 0;
}

function areParts(lists: readonly (readonly string[])[]): lists is readonly Part[] {
  return lists.every(isPart);
}

/** The canonical shape, with its free widths filled in; null when the parts are not of it. */
function fit(
  parts: readonly Part[],
  expected: readonly (number | null)[],
  file: ReadonlyMap<string, readonly number[]>,
): readonly number[] | null {
  const shapeOf = (name: string): readonly number[] => withoutOnes(file.get(name) ?? []);
  const shapes = parts.map(([first]) => shapeOf(first));
  const [firstShape = []] = shapes;
  const alike = parts.every((part) => part.every((copy) => same(shapeOf(copy), firstShape)));
  if (!alike) return null;
  const [rows = 1, ...inner] = firstShape;
  const joined = parts.length === 1 ? [...firstShape] : [rows * parts.length, ...inner];
  // Sizes of 1 come and go between the schemes: [1, 1, d] is [d] in MLX. Convolutions keep theirs all the same.
  const shape: number[] = [];
  for (const size of expected) {
    const actual = size === 1 ? 1 : (joined.shift() ?? 1);
    if (size !== null && size !== actual) return null;
    shape.push(actual);
  }
  return joined.length === 0 ? shape : null;
}

function withoutOnes(shape: readonly number[]): number[] {
  return shape.filter((size) => size !== 1);
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Other names of one whole tensor. */
const RENAMES: readonly (readonly [pattern: RegExp, ...replacements: string[]])[] = [
  [/^emb\.(\d+)\.weight$/, "audio_embs.$1.weight"],
  [/^(out_norm|transformer\.layers\.\d+\.norm[12])\.alpha$/, "$1.weight"],
  [
    /^(.*transformer\.layers\.\d+\.(?:self_attn|cross_attention))\.in_proj_weight$/,
    "$1.in_proj.weight",
    "$1.in_projs.0.weight",
  ],
  [
    /^(.*transformer\.layers\.\d+\.(?:self_attn|cross_attention))\.out_proj\.weight$/,
    "$1.out_projs.0.weight",
  ],
  [/^(.*\._codebook)\.embedding_sum$/, "$1.embed_sum", "$1.embed_avg"],
  [/^(.*\._codebook)\.cluster_usage$/, "$1.cluster_size"],
  [/^(.*\._codebook)\._initialized$/, "$1.inited"],
];

function renamed(name: string): string[] {
  return RENAMES.filter(([pattern]) => pattern.test(name)).flatMap(([pattern, ...replacements]) =>
    replacements.map((replacement) => name.replace(pattern, replacement)),
  );
}

/** Names of the depth transformer's tensors where they are stored by weight set, or by sub-step. */
function depthParts(name: string, schedule: readonly number[]): readonly (readonly Part[])[] {
  const split = /^depformer\.layers\.(\d+)\.self_attn\.(in|out)_proj[._]weight$/.exec(name);
  const sets = Array.from({ length: Math.max(-1, ...schedule) + 1 }, (_, set) => set);
  const bySet = split
    ? [
        sets.map((set): Part => [
          `depformer.layers.${split[1]}.self_attn.${split[2]}_projs.${set}.weight`,
        ]),
      ]
    : [];
  return [...bySet, ...SLICE_SCHEMES.flatMap((scheme) => sliceParts(name, schedule, sets, scheme))];
}

/** How a scheme names the sub-steps, and what it calls two kinds of tensors in them. */
interface SliceScheme {
  readonly prefix: string;
  readonly norm: "weight" | "alpha";
  readonly inProjection: "in_proj.weight" | "in_proj_weight";
}

const SLICE_SCHEMES: readonly SliceScheme[] = [
  { prefix: "depformer.slices.", norm: "weight", inProjection: "in_proj.weight" },
  { prefix: "depformer.", norm: "alpha", inProjection: "in_proj_weight" },
];

function sliceParts(
  name: string,
  schedule: readonly number[],
  sets: readonly number[],
  { prefix, norm, inProjection }: SliceScheme,
): readonly (readonly Part[])[] {
  const slice = (k: number | string, rest: string): string => `${prefix}${k}.${rest}`;
  /** The same tensor in every sub-step that uses a set. */
  const ofSet = (set: number, rest: string): string[] =>
    schedule.flatMap((used, k) => (used === set ? [slice(k, rest)] : []));
  const whole = (names: readonly string[]): Part[][] => (isPart(names) ? [[names]] : []);

  const layer = /^depformer\.layers\.(\d+)\.(.*)$/.exec(name);
  if (layer) {
    const at = `transformer.layers.${layer[1]}`;
    const rest = layer[2] ?? "";
    const normName = /^(norm[12])\.alpha$/.exec(rest)?.[1];
    if (normName) return whole(schedule.map((_, k) => slice(k, `${at}.${normName}.${norm}`)));
    const gating = /^gating\.(\d+)\.(.*)$/.exec(rest);
    if (gating) return whole(ofSet(Number(gating[1]), `${at}.gating.${gating[2]}`));
    const projection = rest === "self_attn.in_proj_weight" ? `self_attn.${inProjection}` : rest;
    const parts = sets.map((set) => ofSet(set, `${at}.${projection}`));
    return areParts(parts) ? [parts] : [];
  }
  const input = /^depformer_in\.(\d+)\.weight$/.exec(name);
  if (input) return whole(ofSet(Number(input[1]), "linear_in.weight"));
  const head = /^linears\.(\d+)\.weight$/.exec(name);
  if (head) return [[[slice(head[1] ?? "", "linear_out.weight")]]];
  const text = /^depformer_text_emb\.(.*)$/.exec(name);
  if (text) return [[[slice(0, `emb.${text[1]}`)]]];
  const audio = /^depformer_emb\.(\d+)\.(.*)$/.exec(name);
  if (audio) return [[[slice(Number(audio[1]) + 1, `emb.${audio[2]}`)]]];
  return [];
}
