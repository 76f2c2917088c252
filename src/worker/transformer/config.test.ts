import { describe, expect, it } from "vitest";
import type { SottoError } from "../../shared/errors.ts";
import { parseLmConfig, userCodebooks } from "./config.ts";

/** A Moshi-shaped config.json as it is published, with a few keys that do not describe the model. */
const MOSHI = {
  model_type: "moshi",
  moshi_name: "model.safetensors",
  mimi_name: "tokenizer-e351c8d8-checkpoint125.safetensors",
  tokenizer_name: "tokenizer_spm_32k_3.model",
  dim: 4096,
  text_card: 32000,
  existing_text_padding_id: 3,
  n_q: 16,
  dep_q: 8,
  card: 2048,
  num_heads: 32,
  num_layers: 32,
  hidden_scale: 4.125,
  causal: true,
  layer_scale: null,
  context: 3000,
  max_period: 10000,
  gating: "silu",
  norm: "rms_norm_f32",
  positional_embedding: "rope",
  depformer_dim: 1024,
  depformer_dim_feedforward: 4224,
  depformer_num_heads: 16,
  depformer_num_layers: 6,
  depformer_layer_scale: null,
  depformer_multi_linear: true,
  depformer_context: 8,
  depformer_max_period: 10000,
  depformer_gating: "silu",
  depformer_pos_emb: "none",
  depformer_weights_per_step: true,
  delays: [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1],
};

const thrown = (json: unknown): SottoError => {
  try {
    parseLmConfig(json);
  } catch (error) {
    return error as SottoError;
  }
  throw new Error("nothing was thrown");
};

describe("parseLmConfig", () => {
  it("reads a Moshi config", () => {
    const config = parseLmConfig(MOSHI);
    expect(config).toMatchObject({
      dim: 4096,
      heads: 32,
      kvRepeat: 1,
      context: 3000,
      ropePairs: "interleaved",
      nQ: 16,
      depQ: 8,
      depth: {
        dim: 1024,
        sets: 8,
        schedule: [0, 1, 2, 3, 4, 5, 6, 7],
        lowRank: null,
        headNorm: false,
      },
      conditions: [],
      cross: null,
      demuxText: false,
      translates: false,
      prompted: false,
      extraHeads: null,
      defaults: { textTemperature: 0.7, textTopK: 25, audioTemperature: 0.8, audioTopK: 250 },
    });
    expect(userCodebooks(config)).toBe(8);
  });

  it("reads what Hibiki and STT add", () => {
    const hibiki = parseLmConfig({
      ...MOSHI,
      model_type: "hibiki",
      kv_repeat: 2,
      positional_embedding: "rope_concat",
      depformer_norm: "layer_norm",
      depformer_low_rank_embeddings: 128,
      depformer_weights_per_step_schedule: [0, 1, 2, 3, 4, 4, 4, 4],
      lm_gen_config: { temp: 0.8, temp_text: 0.6, top_k: 200, top_k_text: 50 },
      conditioners: {
        description: {
          type: "lut",
          lut: { n_bins: 31, dim: 16, tokenizer: "noop", possible_values: ["very_good"] },
        },
      },
      fuser: { sum: ["description"] },
    });
    expect(hibiki).toMatchObject({
      translates: true,
      kvRepeat: 2,
      ropePairs: "halves",
      depth: { sets: 5, lowRank: 128, headNorm: true },
      conditions: [{ name: "description", bins: 31, width: 16 }],
      defaults: { textTemperature: 0.6, textTopK: 50, audioTemperature: 0.8, audioTopK: 200 },
    });

    const stt = parseLmConfig({
      ...MOSHI,
      dep_q: 0,
      delays: [6, ...Array<number>(16).fill(0)],
      extra_heads_num_heads: 4,
      extra_heads_dim: 6,
      lm_gen_config: { temp: 0 },
    });
    expect(stt).toMatchObject({
      depth: null,
      delays: [6, ...Array<number>(16).fill(0)],
      extraHeads: { count: 4, dim: 6 },
      defaults: { textTemperature: 0, audioTemperature: 0 },
    });
  });

  it("completes PersonaPlex and leaves out the sub-steps of the user's codebooks", () => {
    const config = parseLmConfig({ model_type: "personaplex", version: "7b-v1" });
    const { prompted: _, depth, ...moshi } = parseLmConfig(MOSHI);
    expect(config).toMatchObject({
      ...moshi,
      prompted: true,
      depth: {
        ...depth,
        subSteps: 16,
        sets: 16,
        schedule: Array.from({ length: 16 }, (_k, k) => k),
      },
    });
    expect(config.depQ).toBe(8);
    expect(userCodebooks(config)).toBe(8);
    // Without its name it is known by predicting every codebook, with one half's delays like the other's.
    expect(parseLmConfig({ ...MOSHI, dep_q: 16 })).toEqual(config);
    const tts = { ...MOSHI, dep_q: 16, delays: [0, 0, ...Array<number>(15).fill(2)] };
    expect(parseLmConfig(tts)).toMatchObject({ prompted: false, depQ: 16 });
  });

  it("reads what TTS adds", () => {
    const tts = parseLmConfig({
      ...MOSHI,
      demux_second_stream: true,
      cross_attention: true,
      conditioners: {
        speaker_wavs: { type: "tensor", tensor: { dim: 512 } },
        control: { type: "lut", lut: { n_bins: 1, dim: 16, possible_values: ["ok"] } },
      },
      fuser: { cross_attention_pos_emb: true, sum: ["control"], cross: ["speaker_wavs"] },
    });
    expect(tts).toMatchObject({
      demuxText: true,
      conditions: [{ name: "control" }],
      cross: { name: "speaker_wavs", width: 512, positionScale: 1 },
    });
  });

  it.each([
    [{ norm: "layer_norm" }, /"norm": "layer_norm"/],
    [{ positional_embedding: "sin" }, /positional_embedding/],
    [{ quantize: true }, /quantize/],
    [{ depformer_kv_repeat: 2 }, /depformer_kv_repeat/],
    [{ delays: Array(17).fill(0) }, /speech without delay/],
    [
      { conditioners: { voice: { type: "tensor", tensor: { dim: 12 } } } },
      /"voice" of type "tensor"/,
    ],
    [{ conditioners: {}, fuser: { cross: ["voice"] } }, /without cross attention/],
    [{ cross_attention: true, fuser: { cross: ["a", "b"] } }, /several conditions/],
    [
      { cross_attention: true, fuser: { cross: ["a"] }, conditioners: { a: { type: "lut" } } },
      /condition of type "lut"/,
    ],
    [{ fuser: { prepend: ["a"] } }, /fuser "prepend"/],
  ])("refuses %j by name as unsupported", (change, message) => {
    const error = thrown({ ...MOSHI, ...change });
    expect(error.code).toBe("model-unsupported");
    expect(error.what).toMatch(message);
  });

  it.each([
    [{ cross_attention: true }, /"fuser.cross"/],
    [{ cross_attention: "yes" }, /"cross_attention" should be true or false/],
    [{ demux_second_stream: true, text_card: 46_340 }, /"text_card"/],
    [{ dim: "4096" }, /"dim" should be a whole number/],
    [{ dim: 4095 }, /multiple of twice num_heads/],
    [{ num_layers: 1e9 }, /"num_layers"/],
    [{ context: null }, /"context"/],
    [{ delays: [0, 1] }, /"delays" should be 17 numbers/],
    [{ delays: [0, ...Array(16).fill(-1)] }, /"delays"/],
    [{ dep_q: 17 }, /"dep_q"/],
    [{ kv_repeat: 3 }, /divisor of num_heads/],
    [{ lm_gen_config: { temp: -1 } }, /"lm_gen_config.temp"/],
    [{ depformer_weights_per_step_schedule: [0, 1] }, /schedule/],
  ])("refuses %j as malformed", (change, message) => {
    const error = thrown({ ...MOSHI, ...change });
    expect(error.code).toBe("model-file-malformed");
    expect(error.what).toMatch(message);
  });

  it("refuses what is no object", () => {
    expect(thrown([]).code).toBe("model-file-malformed");
    expect(thrown(null).code).toBe("model-file-malformed");
  });
});
