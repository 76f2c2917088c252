// The GPU: asks for an adapter and a device, raises limits to what the adapter has, and tells of loss. Browser worker.

import { SottoError } from "../../shared/errors.ts";

/** An open WebGPU device. */
export interface Gpu {
  readonly device: GPUDevice;
  /** For people: "NVIDIA RTX 4070", "apple metal-3". */
  readonly name: string;
  /** Settles once, when the device is lost for any reason but `close`. */
  readonly lost: Promise<SottoError>;
  /** The first GPU error that no one caught, or null. Checked after every run: results after it mean nothing. */
  firstError(): SottoError | null;
  /** The same after a failure, whose cause the browser may tell a moment later. */
  firstErrorSoon(): Promise<SottoError | null>;
  close(): void;
}

/** Features that kernels use when they are there. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ["shader-f16", "subgroups"];

/** Limits that weights and kernels profit from; each is raised to what the adapter offers. */
const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
] as const;

/** A failed run is often the first sign of a lost device; the loss itself is announced within this time. */
const LOSS_NOTICE_MS = 250;

/** Opens the GPU. Throws SottoError `webgpu-absent` or `webgpu-limits`. */
export async function openGpu(): Promise<Gpu> {
  const absent = "Use the CPU instead, or a browser and a computer with WebGPU switched on.";
  // The types promise both; browsers without WebGPU and insecure pages have no gpu, Node 20 not even the rest.
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } };
  const gpu = navigator?.gpu;
  if (!gpu) throw new SottoError("webgpu-absent", "This browser has no WebGPU.", absent);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new SottoError("webgpu-absent", "WebGPU found no graphics adapter.", absent);
  const requiredLimits = Object.fromEntries(
    RAISED_LIMITS.map((limit) => [limit, adapter.limits[limit]]),
  );
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const device = await adapter
    .requestDevice({ requiredLimits, requiredFeatures })
    .catch((cause: unknown) => {
      throw new SottoError(
        "webgpu-limits",
        "The graphics adapter refused a device.",
        absent,
        cause,
      );
    });
  return watch(device, adapterName(adapter));
}

function watch(device: GPUDevice, name: string): Gpu {
  const remedy = "Sotto can start again at once; the conversation so far is kept on the page.";
  let first: SottoError | null = null;
  let closed = false;
  device.addEventListener("uncapturederror", (event) => {
    first ??= new SottoError("engine-failed", "The GPU reported an error.", remedy, event.error);
  });
  const lost = new Promise<SottoError>((resolve) => {
    void device.lost.then(({ message }) => {
      if (closed) return;
      const loss = new SottoError("webgpu-lost", "The GPU device was lost.", remedy, message);
      first ??= loss;
      resolve(loss);
    });
  });
  return {
    device,
    name,
    lost,
    firstError: () => first,
    firstErrorSoon: async () => {
      const moment = new Promise<void>((resolve) => setTimeout(resolve, LOSS_NOTICE_MS));
      if (!first) await Promise.race([lost, moment]);
      return first;
    },
    close: () => {
      closed = true;
      device.destroy();
    },
  };
}

function adapterName({ info }: GPUAdapter): string {
  return info.description || [info.vendor, info.architecture].filter(Boolean).join(" ") || "GPU";
}
