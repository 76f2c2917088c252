// The graph author's public face.

export type { ArrayOf, DType, HostTensor, TensorData } from "./dtype.ts";
export { BYTES_OF, newArray } from "./dtype.ts";
export type {
  BuiltGraph,
  Lowering,
  OutputSpec,
  StateInfo,
  StateUpdate,
  WeightInfo,
} from "./graph.ts";
export { Graph } from "./graph.ts";
export { attend, concat, conv1d, convTranspose1d, layerNorm, rmsNorm, rotary } from "./layers.ts";
export type { Attribute, ValueInfo } from "./onnx.ts";
export type { Shape } from "./shape.ts";
export { ShapeError, sizeOf } from "./shape.ts";
export type { Operand } from "./tensor.ts";
export { Tensor } from "./tensor.ts";
