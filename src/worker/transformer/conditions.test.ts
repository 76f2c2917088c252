import { describe, expect, it } from "vitest";
import { Graph, type HostTensor } from "../graph/index.ts";
import { conditionSum, type ConditionValues } from "./conditions.ts";
import { LmWeights } from "./lm-weights.ts";

const AT = "condition_provider.conditioners.mood";
const TENSORS: Readonly<
  Record<string, readonly [shape: readonly number[], data: readonly number[]]>
> = {
  // Two values and the padding row; width 2.
  [`${AT}.embed.weight`]: [
    [3, 2],
    [1, 2, 3, 4, 0, 0],
  ],
  // dim 3.
  [`${AT}.output_proj.weight`]: [
    [3, 2],
    [1, 0, 0, 1, 1, 1],
  ],
  [`${AT}.learnt_padding`]: [
    [1, 1, 3],
    [7, 8, 9],
  ],
};
const CONFIG = {
  dim: 3,
  cross: { name: "voice", width: 2, positionScale: null },
  conditions: [{ name: "mood", bins: 2, width: 2, values: ["calm", "bright"] }],
};

const weights = () =>
  new LmWeights(new Graph("conditions", "wasm"), {
    names: () => Object.keys(TENSORS),
    float: (name): HostTensor<"float32"> => {
      const [shape = [], data = []] = TENSORS[name] ?? [];
      return { dtype: "float32", shape, data: Float32Array.from(data) };
    },
  });

describe("conditionSum", () => {
  it("projects the row of the value", () => {
    expect([...conditionSum(CONFIG, { mood: "bright" }, weights())]).toEqual([3, 4, 7]);
  });

  it("takes the learnt padding for an attribute that is left out", () => {
    expect([...conditionSum(CONFIG, {}, weights())]).toEqual([7, 8, 9]);
  });

  it("leaves out what is attended to", () => {
    const voice = { data: new Float32Array(2), mask: [true] };
    expect([...conditionSum(CONFIG, { mood: "bright", voice }, weights())]).toEqual([3, 4, 7]);
  });

  it.each<[ConditionValues, RegExp]>([
    [{ mood: "loud" }, /no value "loud".*calm, bright/],
    [{ tempo: "fast" }, /no condition called "tempo".*mood, voice/],
    [{ mood: { data: new Float32Array(2), mask: [true] } }, /no vectors for the condition "mood"/],
  ])("refuses %j and lists the choices", (values, message) => {
    expect(() => conditionSum(CONFIG, values, weights())).toThrow(message);
  });
});
