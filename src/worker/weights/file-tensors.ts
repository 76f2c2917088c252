// The tensors of a checkpoint file in memory, of whichever format. Pure; runs anywhere.

import { parseGguf } from "./gguf.ts";
import { parseSafetensors } from "./safetensors.ts";
import type { FileTensor } from "./stored-forms.ts";

/** "GGUF" */
const MAGIC = [0x47, 0x47, 0x55, 0x46] as const;

/**
 * Tensors by name, each a view of the file. What the file is, its first bytes say: a safetensors file that began like
 * GGUF would have a header of a gigabyte. `name` is only for messages.
 * @throws SottoError as parseGguf and parseSafetensors do
 */
export function parseFileTensors(
  file: Uint8Array<ArrayBuffer>,
  name: string,
): ReadonlyMap<string, FileTensor> {
  const isGguf = MAGIC.every((byte, i) => file[i] === byte);
  return isGguf ? parseGguf(file, name) : parseSafetensors(file, name);
}
