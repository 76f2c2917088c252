// Model files that are broken in one way each. Pure.

/** A config.json whose temporal transformer is twice as wide as its weights. */
export function breakConfig(config: Buffer): Buffer {
  const keys = JSON.parse(config.toString()) as Record<string, unknown>;
  if (typeof keys["dim"] !== "number") throw new Error("config.json has no dim");
  return Buffer.from(JSON.stringify({ ...keys, dim: keys["dim"] * 2 }));
}

/** A safetensors file with its first float a NaN. */
export function nanInFirstTensor(file: Buffer): Buffer {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + headerBytes)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const [first] = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (!first) throw new Error("the file has no tensor");
  const [, { dtype, data_offsets }] = first;
  const broken = Buffer.from(file);
  const at = 8 + headerBytes + data_offsets[0];
  if (dtype === "F32") broken.writeUInt32LE(0x7fc0_0000, at);
  else if (dtype === "F16") broken.writeUInt16LE(0x7e00, at);
  else if (dtype === "BF16") broken.writeUInt16LE(0x7fc0, at);
  else throw new Error(`no NaN in ${dtype}`);
  return broken;
}
