// Files in memory, or files of which only the first bytes exist, read in parts. For tests; not used by the product.

import type { RangeSource } from "./range-source.ts";

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
