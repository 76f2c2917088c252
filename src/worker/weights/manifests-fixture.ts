// The tensors of nine published checkpoints (spec §3.2, §6.2), for tests: names and shapes, in PyTorch's naming.
// One line stands for every combination of its ranges: "emb.{0-15}.weight 2049 4096". Not used by the product.

/** A checkpoint's tensors: name → shape. */
export type Manifest = ReadonlyMap<string, readonly number[]>;

const LINES = {
  "moshi-7b": `
emb.{0-15}.weight 2049 4096
text_emb.weight 32001 4096
text_linear.weight 32000 4096
transformer.layers.{0-31}.norm1.alpha 1 1 4096
transformer.layers.{0-31}.norm2.alpha 1 1 4096
transformer.layers.{0-31}.gating.linear_in.weight 22528 4096
transformer.layers.{0-31}.gating.linear_out.weight 4096 11264
out_norm.alpha 1 1 4096
depformer_in.{0-7}.weight 1024 4096
depformer_emb.{0-6}.weight 2049 1024
depformer_text_emb.weight 32001 1024
depformer.layers.{0-5}.norm1.alpha 1 1 1024
depformer.layers.{0-5}.norm2.alpha 1 1 1024
depformer.layers.{0-5}.gating.{0-7}.linear_in.weight 5632 1024
depformer.layers.{0-5}.gating.{0-7}.linear_out.weight 1024 2816
linears.{0-7}.weight 2048 1024
transformer.layers.{0-31}.self_attn.out_proj.weight 4096 4096
transformer.layers.{0-31}.self_attn.in_proj_weight 12288 4096
depformer.layers.{0-5}.self_attn.out_proj.weight 8192 1024
depformer.layers.{0-5}.self_attn.in_proj_weight 24576 1024
`,

  "personaplex-7b": `
emb.{0-15}.weight 2049 4096
text_emb.weight 32001 4096
text_linear.weight 32000 4096
transformer.layers.{0-31}.norm1.alpha 1 1 4096
transformer.layers.{0-31}.norm2.alpha 1 1 4096
transformer.layers.{0-31}.gating.linear_in.weight 22528 4096
transformer.layers.{0-31}.gating.linear_out.weight 4096 11264
out_norm.alpha 1 1 4096
depformer_in.{0-15}.weight 1024 4096
depformer_emb.{0-14}.weight 2049 1024
depformer_text_emb.weight 32001 1024
depformer.layers.{0-5}.norm1.alpha 1 1 1024
depformer.layers.{0-5}.norm2.alpha 1 1 1024
depformer.layers.{0-5}.gating.{0-15}.linear_in.weight 5632 1024
depformer.layers.{0-5}.gating.{0-15}.linear_out.weight 1024 2816
linears.{0-15}.weight 2048 1024
transformer.layers.{0-31}.self_attn.out_proj.weight 4096 4096
transformer.layers.{0-31}.self_attn.in_proj_weight 12288 4096
depformer.layers.{0-5}.self_attn.out_proj.weight 16384 1024
depformer.layers.{0-5}.self_attn.in_proj_weight 49152 1024
`,

  "hibiki-1b": `
emb.{0-15}.weight 2049 2048
text_emb.weight 48001 2048
text_linear.weight 48000 2048
transformer.layers.{0-15}.norm1.alpha 1 1 2048
transformer.layers.{0-15}.norm2.alpha 1 1 2048
transformer.layers.{0-15}.gating.linear_in.weight 11264 2048
transformer.layers.{0-15}.gating.linear_out.weight 2048 5632
out_norm.alpha 1 1 2048
depformer_in.{0-7}.weight 1024 2048
depformer_emb.{0-6}.weight 2049 1024
depformer_text_emb.weight 48001 1024
depformer.layers.{0-5}.norm1.alpha 1 1 1024
depformer.layers.{0-5}.norm2.alpha 1 1 1024
depformer.layers.{0-5}.gating.{0-7}.linear_in.weight 5632 1024
depformer.layers.{0-5}.gating.{0-7}.linear_out.weight 1024 2816
linears.{0-7}.weight 2048 1024
condition_provider.conditioners.description.learnt_padding 1 1 2048
condition_provider.conditioners.description.output_proj.weight 2048 16
condition_provider.conditioners.description.embed.weight 32 16
transformer.layers.{0-15}.self_attn.out_proj.weight 2048 2048
transformer.layers.{0-15}.self_attn.in_proj_weight 6144 2048
depformer.layers.{0-5}.self_attn.out_proj.weight 8192 1024
depformer.layers.{0-5}.self_attn.in_proj_weight 24576 1024
`,

  "hibiki-2b": `
emb.{0-31}.weight 2049 2560
text_emb.weight 48001 2560
text_linear.weight 48000 2560
transformer.layers.{0-23}.norm1.alpha 1 1 2560
transformer.layers.{0-23}.norm2.alpha 1 1 2560
transformer.layers.{0-23}.gating.linear_in.weight 14080 2560
transformer.layers.{0-23}.gating.linear_out.weight 2560 7040
out_norm.alpha 1 1 2560
depformer_in.{0-8}.weight 1024 2560
depformer_emb.{0-14}.weight 2049 128
depformer_emb.{0-14}.low_rank.weight 1024 128
depformer_text_emb.weight 48001 128
depformer_text_emb.low_rank.weight 1024 128
depformer.layers.{0-3}.norm1.alpha 1 1 1024
depformer.layers.{0-3}.norm2.alpha 1 1 1024
depformer.layers.{0-3}.gating.{0-8}.linear_in.weight 4096 1024
depformer.layers.{0-3}.gating.{0-8}.linear_out.weight 1024 2048
linears.{0-15}.weight 2048 1024
condition_provider.conditioners.description.learnt_padding 1 1 2560
condition_provider.conditioners.description.output_proj.weight 2560 16
condition_provider.conditioners.description.embed.weight 32 16
transformer.layers.{0-23}.self_attn.out_proj.weight 2560 2560
transformer.layers.{0-23}.self_attn.in_proj_weight 7680 2560
depformer.layers.{0-3}.self_attn.out_proj.weight 9216 1024
depformer.layers.{0-3}.self_attn.in_proj_weight 27648 1024
`,

  "hibiki-zero-3b": `
emb.{0-31}.weight 2049 2048
text_emb.weight 48001 2048
text_linear.weight 48000 2048
transformer.layers.{0-27}.norm1.alpha 1 1 2048
transformer.layers.{0-27}.norm2.alpha 1 1 2048
transformer.layers.{0-27}.gating.linear_in.weight 16384 2048
transformer.layers.{0-27}.gating.linear_out.weight 2048 8192
out_norm.alpha 1 1 2048
depformer_in.{0-8}.weight 1024 2048
depformer_emb.{0-14}.weight 2049 1024
depformer_text_emb.weight 48001 1024
depformer_norms.{0-15}.weight 1024
depformer_norms.{0-15}.bias 1024
depformer.layers.{0-5}.norm1.alpha 1 1 1024
depformer.layers.{0-5}.norm2.alpha 1 1 1024
depformer.layers.{0-5}.gating.{0-8}.linear_in.weight 8192 1024
depformer.layers.{0-5}.gating.{0-8}.linear_out.weight 1024 4096
linears.{0-15}.weight 2048 1024
transformer.layers.{0-27}.self_attn.out_proj.weight 2048 2048
transformer.layers.{0-27}.self_attn.in_proj_weight 4096 2048
depformer.layers.{0-5}.self_attn.out_proj.weight 9216 1024
depformer.layers.{0-5}.self_attn.in_proj_weight 27648 1024
`,

  "stt-1b": `
emb.{0-31}.weight 2049 2048
text_emb.weight 8001 2048
text_linear.weight 8000 2048
transformer.layers.{0-15}.norm1.alpha 1 1 2048
transformer.layers.{0-15}.norm2.alpha 1 1 2048
transformer.layers.{0-15}.gating.linear_in.weight 11264 2048
transformer.layers.{0-15}.gating.linear_out.weight 2048 5632
out_norm.alpha 1 1 2048
extra_heads.{0-3}.weight 6 2048
transformer.layers.{0-15}.self_attn.out_proj.weight 2048 2048
transformer.layers.{0-15}.self_attn.in_proj_weight 6144 2048
`,

  "stt-2.6b": `
emb.{0-31}.weight 2049 2048
text_emb.weight 4001 2048
text_linear.weight 4000 2048
transformer.layers.{0-47}.norm1.alpha 1 1 2048
transformer.layers.{0-47}.norm2.alpha 1 1 2048
transformer.layers.{0-47}.gating.linear_in.weight 11264 2048
transformer.layers.{0-47}.gating.linear_out.weight 2048 5632
out_norm.alpha 1 1 2048
transformer.layers.{0-47}.self_attn.out_proj.weight 2048 2048
transformer.layers.{0-47}.self_attn.in_proj_weight 6144 2048
`,

  "tts-1.6b": `
emb.{0-31}.weight 2049 2048
text_emb.weight 8001 2048
text_emb.out1.weight 2048 2048
text_emb.out2.weight 2048 2048
text_linear.weight 8000 2048
transformer.layers.{0-15}.norm1.alpha 1 1 2048
transformer.layers.{0-15}.norm2.alpha 1 1 2048
transformer.layers.{0-15}.gating.linear_in.weight 11264 2048
transformer.layers.{0-15}.gating.linear_out.weight 2048 5632
transformer.layers.{0-15}.norm_cross.weight 2048
transformer.layers.{0-15}.norm_cross.bias 2048
out_norm.alpha 1 1 2048
depformer_in.{0-10}.weight 1024 2048
depformer_emb.{0-30}.weight 2049 128
depformer_emb.{0-30}.low_rank.weight 1024 128
depformer_text_emb.weight 8001 128
depformer_text_emb.low_rank.weight 1024 128
depformer_text_emb.out1.weight 1024 128
depformer_text_emb.out2.weight 1024 128
depformer.layers.{0-3}.norm1.alpha 1 1 1024
depformer.layers.{0-3}.norm2.alpha 1 1 1024
depformer.layers.{0-3}.gating.{0-10}.linear_in.weight 4096 1024
depformer.layers.{0-3}.gating.{0-10}.linear_out.weight 1024 2048
linears.{0-31}.weight 2048 1024
condition_provider.conditioners.speaker_wavs.learnt_padding 1 1 2048
condition_provider.conditioners.speaker_wavs.output_proj.weight 2048 512
condition_provider.conditioners.cfg.learnt_padding 1 1 2048
condition_provider.conditioners.cfg.output_proj.weight 2048 16
condition_provider.conditioners.cfg.embed.weight 8 16
condition_provider.conditioners.control.learnt_padding 1 1 2048
condition_provider.conditioners.control.output_proj.weight 2048 2048
condition_provider.conditioners.control.embed.weight 2 2048
transformer.layers.{0-15}.self_attn.out_proj.weight 2048 2048
transformer.layers.{0-15}.self_attn.in_proj_weight 6144 2048
transformer.layers.{0-15}.cross_attention.out_proj.weight 2048 2048
transformer.layers.{0-15}.cross_attention.in_proj_weight 6144 2048
depformer.layers.{0-3}.self_attn.out_proj.weight 11264 1024
depformer.layers.{0-3}.self_attn.in_proj_weight 33792 1024
`,

  mimi: `
encoder.model.0.conv.conv.weight 64 1 7
encoder.model.0.conv.conv.bias 64
encoder.model.1.block.1.conv.conv.weight 32 64 3
encoder.model.1.block.1.conv.conv.bias 32
encoder.model.1.block.3.conv.conv.weight 64 32 1
encoder.model.1.block.3.conv.conv.bias 64
encoder.model.4.block.1.conv.conv.bias 64
encoder.model.3.conv.conv.weight 128 64 8
encoder.model.3.conv.conv.bias 128
encoder.model.4.block.1.conv.conv.weight 64 128 3
encoder.model.4.block.3.conv.conv.weight 128 64 1
encoder.model.4.block.3.conv.conv.bias 128
encoder.model.7.block.1.conv.conv.bias 128
encoder.model.6.conv.conv.weight 256 128 10
encoder.model.6.conv.conv.bias 256
encoder.model.7.block.1.conv.conv.weight 128 256 3
encoder.model.7.block.3.conv.conv.weight 256 128 1
encoder.model.7.block.3.conv.conv.bias 256
encoder.model.10.block.1.conv.conv.bias 256
encoder.model.9.conv.conv.weight 512 256 12
encoder.model.9.conv.conv.bias 512
encoder.model.14.conv.conv.bias 512
encoder.model.10.block.1.conv.conv.weight 256 512 3
encoder.model.10.block.3.conv.conv.weight 512 256 1
encoder.model.10.block.3.conv.conv.bias 512
encoder.model.12.conv.conv.weight 1024 512 16
encoder.model.12.conv.conv.bias 1024
encoder.model.14.conv.conv.weight 512 1024 3
decoder.model.0.conv.conv.weight 1024 512 7
decoder.model.0.conv.conv.bias 1024
decoder.model.2.convtr.convtr.weight 1024 512 16
decoder.model.2.convtr.convtr.bias 512
decoder.model.3.block.1.conv.conv.weight 256 512 3
decoder.model.3.block.1.conv.conv.bias 256
decoder.model.6.block.3.conv.conv.bias 256
decoder.model.3.block.3.conv.conv.weight 512 256 1
decoder.model.3.block.3.conv.conv.bias 512
decoder.model.5.convtr.convtr.weight 512 256 12
decoder.model.5.convtr.convtr.bias 256
decoder.model.6.block.1.conv.conv.weight 128 256 3
decoder.model.6.block.1.conv.conv.bias 128
decoder.model.9.block.3.conv.conv.bias 128
decoder.model.6.block.3.conv.conv.weight 256 128 1
decoder.model.8.convtr.convtr.weight 256 128 10
decoder.model.8.convtr.convtr.bias 128
decoder.model.9.block.1.conv.conv.weight 64 128 3
decoder.model.9.block.1.conv.conv.bias 64
decoder.model.12.block.3.conv.conv.bias 64
decoder.model.9.block.3.conv.conv.weight 128 64 1
decoder.model.11.convtr.convtr.weight 128 64 8
decoder.model.11.convtr.convtr.bias 64
decoder.model.12.block.1.conv.conv.weight 32 64 3
decoder.model.12.block.1.conv.conv.bias 32
decoder.model.12.block.3.conv.conv.weight 64 32 1
decoder.model.14.conv.conv.weight 1 64 3
decoder.model.14.conv.conv.bias 1
encoder_transformer.transformer.layers.{0-7}.self_attn.out_projs.0.weight 512 512
encoder_transformer.transformer.layers.{0-7}.self_attn.in_projs.0.weight 1536 512
encoder_transformer.transformer.layers.{0-7}.norm1.weight 512
encoder_transformer.transformer.layers.{0-7}.norm1.bias 512
encoder_transformer.transformer.layers.{0-7}.norm2.weight 512
encoder_transformer.transformer.layers.{0-7}.norm2.bias 512
encoder_transformer.transformer.layers.{0-7}.linear1.weight 2048 512
encoder_transformer.transformer.layers.{0-7}.linear2.weight 512 2048
encoder_transformer.transformer.layers.{0-7}.layer_scale_1.scale 512
encoder_transformer.transformer.layers.{0-7}.layer_scale_2.scale 512
decoder_transformer.transformer.layers.{0-7}.self_attn.out_projs.0.weight 512 512
decoder_transformer.transformer.layers.{0-7}.self_attn.in_projs.0.weight 1536 512
decoder_transformer.transformer.layers.{0-7}.norm1.weight 512
decoder_transformer.transformer.layers.{0-7}.norm1.bias 512
decoder_transformer.transformer.layers.{0-7}.norm2.weight 512
decoder_transformer.transformer.layers.{0-7}.norm2.bias 512
decoder_transformer.transformer.layers.{0-7}.linear1.weight 2048 512
decoder_transformer.transformer.layers.{0-7}.linear2.weight 512 2048
decoder_transformer.transformer.layers.{0-7}.layer_scale_1.scale 512
decoder_transformer.transformer.layers.{0-7}.layer_scale_2.scale 512
quantizer.rvq_first.input_proj.weight 256 512 1
quantizer.rvq_first.output_proj.weight 512 256 1
quantizer.rvq_first.vq.layers.0._codebook._initialized 1
quantizer.rvq_first.vq.layers.0._codebook.cluster_usage 2048
quantizer.rvq_first.vq.layers.0._codebook.embedding_sum 2048 256
quantizer.rvq_rest.input_proj.weight 256 512 1
quantizer.rvq_rest.output_proj.weight 512 256 1
quantizer.rvq_rest.vq.layers.{0-30}._codebook._initialized 1
quantizer.rvq_rest.vq.layers.{0-30}._codebook.cluster_usage 2048
quantizer.rvq_rest.vq.layers.{0-30}._codebook.embedding_sum 2048 256
downsample.conv.conv.conv.weight 512 512 4
upsample.convtr.convtr.convtr.weight 512 1 4
`,
} as const;

export type ManifestName = keyof typeof LINES;

/** The published checkpoints, by the names that spec §3.2 gives them, and the codec. */
export const MANIFEST_NAMES = Object.keys(LINES) as ManifestName[];

/** The tensors of one of them. */
export function manifest(name: ManifestName): Manifest {
  const lines = LINES[name].trim().split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [pattern, ...sizes] = line.split(" ");
      const shape = sizes.map(Number);
      return expand(pattern ?? "").map((tensor) => [tensor, shape] as const);
    }),
  );
}

function expand(pattern: string): string[] {
  const range = /\{(\d+)-(\d+)\}/.exec(pattern);
  if (!range) return [pattern];
  const [from, to] = [Number(range[1]), Number(range[2])];
  return Array.from({ length: to - from + 1 }, (_, i) =>
    expand(pattern.replace(range[0], String(from + i))),
  ).flat();
}
