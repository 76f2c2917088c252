// GPU buffers of tensors: sizes, uploads, and weights shared between sessions. Browser worker.

import { SottoError } from "../../shared/errors.ts";
import type { DType, HostTensor, TensorData } from "../graph/index.ts";
import { BYTES_OF, sizeOf } from "../graph/index.ts";

/** The runtime's kernels bind whole vec4s; every tensor buffer is a multiple of this. */
const ALIGNMENT_BYTES = 16;

/** GPUBufferUsage bits (WebGPU §5.1.2), which TypeScript's library declares no values for. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, storage: 0x80 } as const;

/** Bytes of the buffer that holds a tensor. */
export function bufferBytes(dtype: DType, shape: readonly number[]): number {
  const bytes = sizeOf(shape) * BYTES_OF[dtype];
  return Math.max(ALIGNMENT_BYTES, Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
}

/** A zero-filled buffer that kernels can bind. Throws SottoError `webgpu-limits` when it is too large for the device. */
export function createTensorBuffer(
  device: GPUDevice,
  label: string,
  dtype: DType,
  shape: readonly number[],
): GPUBuffer {
  const size = bufferBytes(dtype, shape);
  if (size > device.limits.maxBufferSize)
    throw new SottoError(
      "webgpu-limits",
      `${label} needs a buffer of ${size} bytes; this GPU allows ${device.limits.maxBufferSize}.`,
      "Use a smaller model, or the CPU.",
    );
  const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
  return device.createBuffer({ label, size, usage });
}

/** Writes a tensor's elements to the start of its buffer. */
export function upload(device: GPUDevice, buffer: GPUBuffer, data: TensorData): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // A view on shared memory is refused by writeBuffer, and so is a length that is no multiple of 4.
  if (isPlain(bytes) && bytes.length % 4 === 0) device.queue.writeBuffer(buffer, 0, bytes);
  else {
    const copy = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    copy.set(bytes);
    device.queue.writeBuffer(buffer, 0, copy);
  }
}

function isPlain(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/** Weights on the GPU, one buffer for each array however many sessions use it. */
export class WeightBuffers {
  readonly #device: GPUDevice;
  readonly #held = new Map<TensorData, { readonly buffer: GPUBuffer; users: number }>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The buffer of a weight, uploaded on first use. Give it back with `release`. */
  acquire(name: string, { dtype, shape, data }: HostTensor): GPUBuffer {
    const known = this.#held.get(data);
    if (known) {
      known.users += 1;
      return known.buffer;
    }
    const buffer = createTensorBuffer(this.#device, name, dtype, shape);
    upload(this.#device, buffer, data);
    this.#held.set(data, { buffer, users: 1 });
    return buffer;
  }

  release({ data }: HostTensor): void {
    const held = this.#held.get(data);
    if (!held) return;
    held.users -= 1;
    if (held.users > 0) return;
    held.buffer.destroy();
    this.#held.delete(data);
  }
}
