import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { SottoError } from "../../shared/errors.ts";
import { type LmConfig, parseLmConfig } from "../transformer/config.ts";
import { type CanonicalTensors, languageTensors } from "./canonical.ts";
import { toFloat32 } from "./elements.ts";
import { writeGguf } from "./gguf-fixture.ts";
import { parseGguf } from "./gguf.ts";
import { NamedTensors } from "./named-tensors.ts";
import { parseSafetensors } from "./safetensors.ts";
import type { FileTensor } from "./stored-forms.ts";

/** A small Hibiki 2B: low-rank tables, weight sets that sub-steps share, a condition. */
const NAME = "lm_tiny_hibiki2b";
const folder = new URL("../../../e2e/fixtures/golden/", import.meta.url);
type Tensors = Map<string, FileTensor>;
let config: LmConfig;
let canonical: CanonicalTensors;
let original: Tensors;
let schedule: readonly number[];

beforeAll(async () => {
  const json: unknown = JSON.parse(String(await readFile(new URL(`${NAME}.config.json`, folder))));
  config = parseLmConfig(json);
  canonical = languageTensors(config, json);
  schedule = config.depth!.schedule;
  const file = new Uint8Array(await readFile(new URL(`${NAME}.weights.safetensors`, folder)));
  original = new Map(parseSafetensors(file, NAME));
});

const open = (tensors: ReadonlyMap<string, FileTensor>, lora?: Tensors): NamedTensors =>
  new NamedTensors("m", tensors, canonical, schedule, lora && { tensors: lora });

function f32(shape: readonly number[], values: Float32Array): FileTensor {
  return { type: "F32", shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

function valuesOf(name: string): Float32Array {
  return toFloat32(original.get(name) as Parameters<typeof toFloat32>[0])!;
}

/** Rows from–to of a matrix. */
function rows(name: string, part: number, parts: number): FileTensor {
  const { shape } = original.get(name)!;
  const values = valuesOf(name);
  const size = values.length / parts;
  const sizes = [shape[0]! / parts, ...shape.slice(1)];
  return f32(sizes, values.subarray(part * size, (part + 1) * size));
}

/** The checkpoint with candle's names; MLX differs from it in names only, which tensor-names.test.ts covers. */
function asCandle(): Tensors {
  const out: Tensors = new Map();
  const sets = config.depth!.sets;
  for (const [name, tensor] of original) {
    const [head, first = "", second = "", ...rest] = name.split(".");
    if (head === "linears") out.set(`depformer.${first}.linear_out.weight`, tensor);
    else if (head === "depformer_text_emb")
      out.set(`depformer.0.emb.${[first, second].filter(Boolean).join(".")}`, tensor);
    else if (head === "depformer_emb")
      out.set(`depformer.${Number(first) + 1}.emb.${[second, ...rest].join(".")}`, tensor);
    else if (head === "depformer_in") {
      for (const [k, set] of schedule.entries())
        if (set === Number(first)) out.set(`depformer.${k}.linear_in.weight`, tensor);
    } else if (head === "depformer") {
      for (const [k, set] of schedule.entries()) {
        const at = `depformer.${k}.transformer.layers.${second}`;
        if (rest[0] === "self_attn") out.set(`${at}.${rest.join(".")}`, rows(name, set, sets));
        else if (rest[0] !== "gating") out.set(`${at}.${rest.join(".")}`, tensor);
        else if (set === Number(rest[1]))
          out.set(`${at}.gating.${rest.slice(2).join(".")}`, tensor);
      }
    } else out.set(name, tensor);
  }
  return out;
}

function expectEqualsOriginal(view: NamedTensors): void {
  expect(view.names().toSorted()).toEqual([...original.keys()].toSorted());
  for (const [name, { shape }] of original) {
    expect(view.shapeOf(name)).toEqual(shape);
    const { data } = view.float(name, shape);
    const bits = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    expect(bits.equals(Buffer.from(valuesOf(name).slice().buffer)), name).toBe(true);
  }
}

function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof SottoError) return thrown.code;
    throw thrown;
  }
}

describe("NamedTensors", () => {
  it("is the file itself when the file is PyTorch's", () => {
    const view = open(original);
    expectEqualsOriginal(view);
    expect(view.float("text_emb.weight", [null, 64])).toBe(view.float("text_emb.weight", [49, 64]));
  });

  it("gives the same bits from candle's names", () => {
    expectEqualsOriginal(open(asCandle()));
  });

  it("gives the same bits from a GGUF file of candle's names", () => {
    const file = writeGguf(
      Object.fromEntries(
        [...asCandle()].map(([name, { shape, bytes }]) => [name, { type: "F32", shape, bytes }]),
      ),
      { version: 2 },
    );
    expectEqualsOriginal(open(parseGguf(file, "m.gguf")));
  });

  it("refuses sub-steps that should share a weight set and do not", () => {
    const tensors = asCandle();
    const last = `depformer.${config.depQ - 1}.linear_in.weight`;
    const { shape, bytes } = tensors.get(last)!;
    tensors.set(last, {
      type: "F32",
      shape,
      bytes: bytes.map((byte, i) => (i === 2 ? byte ^ 1 : byte)),
    });
    const view = open(tensors);
    const name = `depformer_in.${schedule.at(-1)}.weight`;
    expect(codeOf(() => view.float(name, [32, 64]))).toBe("model-unsupported");
  });

  it("folds weight norm, and reads PyTorch's int8 rows and MLX's words", () => {
    const [rowCount, columns] = [64, 64];
    const target = "transformer.layers.0.self_attn.out_proj.weight";
    const others = new Map(original);
    others.delete(target);

    const direction = Float32Array.from({ length: rowCount * columns }, (_, i) => (i % 7) - 3);
    const magnitude = Float32Array.from({ length: rowCount }, (_, row) => row + 1);
    const normed = open(
      new Map(others)
        .set(`${target}_g`, f32([rowCount, 1], magnitude))
        .set(`${target}_v`, f32([rowCount, columns], direction)),
    ).float(target, [rowCount, columns]).data;
    for (let row = 0; row < rowCount; row += 1) {
      const part = normed.subarray(row * columns, (row + 1) * columns);
      expect(Math.hypot(...part)).toBeCloseTo(row + 1, 4);
      expect(Math.sign(part[0]!)).toBe(Math.sign(direction[row * columns]!));
    }

    const codes = Int8Array.from({ length: rowCount * columns }, (_, i) => ((i * 31) % 255) - 127);
    const int8 = open(
      new Map(others)
        .set(target, {
          type: "I8",
          shape: [rowCount, columns],
          bytes: new Uint8Array(codes.buffer),
        })
        .set(`${target}_scb`, f32([rowCount], magnitude)),
    ).float(target, [rowCount, columns]).data;
    expect(int8[5 * columns + 9]).toBe(Math.fround((codes[5 * columns + 9]! * 6) / 127));
    expect(int8[63 * columns]).toBe(Math.fround((codes[63 * columns]! * 64) / 127));

    const stem = target.slice(0, -"weight".length);
    const scales = new Float32Array(rowCount * 2).fill(0.25);
    const biases = Float32Array.from({ length: rowCount * 2 }, (_, i) => -i);
    const packed = Uint8Array.from({ length: (rowCount * columns) / 2 }, (_, i) => (i * 29) & 255);
    const mlx = open(
      new Map(others)
        .set(target, { type: "U32", shape: [rowCount, 8], bytes: packed })
        .set(`${stem}scales`, f32([rowCount, 2], scales))
        .set(`${stem}biases`, f32([rowCount, 2], biases)),
    ).float(target, [rowCount, columns]).data;
    expect(mlx[0]).toBe(0.25 * (packed[0]! & 15));
    expect(mlx[3 * columns + 33]).toBe(0.25 * (packed[(3 * columns + 33) >> 1]! >> 4) - 7);
  });

  it("merges adapters, also into one block of a fused weight", () => {
    const [whole, fused] = ["text_linear", "depformer.layers.1.self_attn.in_projs.2"];
    const a = Float32Array.from({ length: 2 * 64 }, (_, i) => (i % 5) / 8);
    const short = a.subarray(0, 2 * 32);
    const b = Float32Array.from({ length: 96 * 2 }, (_, i) => ((i % 3) - 1) / 4);
    const lora: Tensors = new Map([
      [`${whole}.lora_A.weight`, f32([2, 64], a)],
      [`${whole}.lora_B.weight`, f32([48, 2], b.subarray(0, 96))],
      [`${fused}.lora_A.weight`, f32([2, 32], short)],
      [`${fused}.lora_B.weight`, f32([96, 2], b)],
    ]);
    const view = open(original, lora);
    const merged = (weight: number, row: number, column: number, columns: number): number =>
      Math.fround(weight + 2 * (b[2 * row]! * a[column]! + b[2 * row + 1]! * a[columns + column]!));

    const head = view.float("text_linear.weight", [48, 64]).data;
    const before = valuesOf("text_linear.weight");
    for (const i of [0, 77, 3071]) expect(head[i]).toBe(merged(before[i]!, i >> 6, i & 63, 64));

    const name = "depformer.layers.1.self_attn.in_proj_weight";
    const projection = view.float(name, [null, 32]).data;
    const start = 2 * 96 * 32;
    const plain = valuesOf(name);
    expect(projection.subarray(0, start)).toEqual(plain.subarray(0, start));
    expect(projection.subarray(start + 96 * 32)).toEqual(plain.subarray(start + 96 * 32));
    for (const i of [0, 1234, 3071])
      expect(projection[start + i]).toBe(merged(plain[start + i]!, i >> 5, i & 31, 32));
    // The file's own bytes stay as they were.
    expect(before).toEqual(valuesOf("text_linear.weight"));
  });

  it("refuses strangers, gaps, other shapes, NaN and integers without a meaning", () => {
    const changed = (name: string, tensor: FileTensor | null): Tensors => {
      const tensors = new Map(original);
      if (tensor) tensors.set(name, tensor);
      else tensors.delete(name);
      return tensors;
    };
    const one = f32([1], Float32Array.of(1));
    expect(codeOf(() => open(changed("surprise", one)))).toBe("model-unsupported");
    expect(codeOf(() => open(changed("emb.0.weight", null)))).toBe("model-shape-mismatch");
    expect(codeOf(() => open(changed("emb.0.weight", one)))).toBe("model-shape-mismatch");
    expect(codeOf(() => open(original, changed("x", one)))).toBe("model-unsupported");
    expect(codeOf(() => open(original).float("no.such", [1]))).toBe("model-shape-mismatch");
    expect(codeOf(() => open(original).float("text_emb.weight", [1]))).toBe("model-shape-mismatch");
    const norm = "transformer.layers.0.norm1.alpha";
    const bad = open(changed(norm, f32([1, 1, 64], new Float32Array(64).fill(NaN))));
    expect(codeOf(() => bad.float(norm, [1, 1, 64]))).toBe("model-not-finite");
    const bytes = { type: "I8", shape: [1, 1, 64], bytes: new Uint8Array(64) } as const;
    const ints = open(changed(norm, bytes));
    expect(codeOf(() => ints.float(norm, [1, 1, 64]))).toBe("model-unsupported");
    const stranger: Tensors = new Map([
      ["nowhere.lora_A.weight", f32([1, 64], new Float32Array(64))],
      ["nowhere.lora_B.weight", f32([64, 1], new Float32Array(64))],
    ]);
    expect(codeOf(() => open(original, stranger))).toBe("model-unsupported");
  });
});
