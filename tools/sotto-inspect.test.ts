import { describe, expect, it } from "vitest";
import { CONFIGS } from "../src/worker/weights/configs-fixture.ts";
import { manifest, type ManifestName } from "../src/worker/weights/manifests-fixture.ts";
import { partialRanges, safetensorsHead } from "../src/worker/weights/range-fixture.ts";
import { type Survey, survey } from "../src/worker/weights/survey.ts";
import { describeSurvey, surveyAccount } from "./sotto-inspect.ts";

/** A survey of a published checkpoint's names and shapes, without those that `drop` matches. */
function surveyOf(name: ManifestName, drop = /^$/): Promise<Survey> {
  const tensors = [...manifest(name)].filter(([tensor]) => !drop.test(tensor));
  const head = new TextEncoder().encode(JSON.stringify(CONFIGS[name]));
  return survey(
    partialRanges({
      "config.json": { head, bytes: head.length },
      "model.safetensors": safetensorsHead(
        tensors.map(([tensor, shape]) => [tensor, "BF16", shape]),
      ),
    }),
  );
}

describe("describeSurvey", () => {
  it("says of a model what it is, how large, and what it needs", async () => {
    const lines = describeSurvey(await surveyOf("hibiki-zero-3b"));
    const text = lines.join("\n");
    expect(text).toContain("model.safetensors, 6.26 GB, 408 tensors, BF16");
    expect(text).toContain(
      "28 layers of 2048, 16 heads, 8 for keys and values, context 3000 steps (240 s)",
    );
    expect(text).toContain("16 sub-steps, 6 layers of 1024, 9 weight sets");
    expect(text).toMatch(/parameters +3 131 686 912/);
    expect(text).toContain("all known, none missing");
    expect(text).toMatch(/a frame reads +3537\.6 M weights: temporal 1761\.6 M, text head 98\.3 M/);
    expect(text).toMatch(/16 bits +7\.08 GB a frame, 88\.4 GB\/s to keep 80 ms/);
    expect(text).toMatch(
      /4 bits +1\.99 GB a frame, 24\.9 GB\/s to keep 80 ms \(4\.5 bits a weight\)/,
    );
    expect(text).toMatch(/cache, 16 bits +114 688 B a step, 0\.34 GB when full/);
  });

  it("tells which sub-steps of PersonaPlex are needed, and that a listener has none", async () => {
    const text = describeSurvey(await surveyOf("personaplex-7b")).join("\n");
    expect(text).toContain("8 sub-steps (16 stored; nothing depends on the others)");
    expect(text).toMatch(/a frame reads +7374\.6 M/);
    expect(text).toContain("(8041.5 M with all sub-steps)");
    expect(describeSurvey(await surveyOf("stt-2.6b")).join("\n")).toContain("it only listens");
  });

  it("names what is missing, and then claims nothing about frames", async () => {
    const text = describeSurvey(await surveyOf("stt-1b", /^(text_linear|emb\.1)\./)).join("\n");
    expect(text).toMatch(/missing +2: emb\.1\.weight, text_linear\.weight/);
    expect(text).not.toContain("a frame reads");
  });
});

describe("surveyAccount", () => {
  it("is the same as plain data", async () => {
    const account: unknown = JSON.parse(JSON.stringify(surveyAccount(await surveyOf("stt-1b"))));
    expect(account).toMatchObject({
      codec: null,
      language: {
        parameters: 989_253_632,
        missing: [],
        unused: [],
        frame: { subSteps: 0, weights: { temporal: 822_083_584, depth: 0 } },
        cache: { step: 131_072 },
      },
    });
  });
});
