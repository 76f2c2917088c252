// Files in memory, or files of which only the first bytes exist, read in parts. For tests; not used by the product.

import type { RangeSource } from "./range-source.ts";
import { joinFile } from "./safetensors-fixture.ts";
import { ELEMENT_BYTES, type ElementType } from "./safetensors.ts";

/** Files by name. */
export function memoryRanges(files: Readonly<Record<string, Uint8Array>>): RangeSource {
  return partialRanges(
    Object.fromEntries(
      Object.entries(files).map(([name, head]) => [name, { head, bytes: head.length }]),
    ),
  );
}

/** Files of `bytes` bytes of which only `head` exists: reading further fails the test. */
export function partialRanges(
  files: Readonly<Record<string, { readonly head: Uint8Array; readonly bytes: number }>>,
): RangeSource {
  return {
    place: "memory",
    async open(name) {
      const file = Object.hasOwn(files, name) ? files[name] : undefined;
      if (!file) return null;
      return {
        name,
        bytes: file.bytes,
        async read(begin, end) {
          if (end > file.bytes)
            throw new RangeError(`${name} has ${file.bytes} bytes, not ${end}.`);
          // Zeros stand for the weights that a first part of the file may reach into.
          const part = new Uint8Array(end - begin);
          part.set(file.head.subarray(begin, end));
          return part;
        },
      };
    },
  };
}

/** The head of a safetensors file of such tensors, and the bytes that the whole file would have. */
export function safetensorsHead(
  tensors: Iterable<readonly [name: string, type: ElementType, shape: readonly number[]]>,
): { readonly head: Uint8Array<ArrayBuffer>; readonly bytes: number } {
  let end = 0;
  const entries = Array.from(tensors, ([name, type, shape]) => {
    const begin = end;
    end += shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
    return [name, { dtype: type, shape, data_offsets: [begin, end] }] as const;
  });
  const head = joinFile(JSON.stringify(Object.fromEntries(entries)));
  return { head, bytes: head.length + end };
}
