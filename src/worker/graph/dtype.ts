// Element types of tensors: their JavaScript arrays, sizes and ONNX codes. Pure; runs in the worker and in Node.

/** Element types that the graphs use. */
export type DType = "float32" | "float16" | "int64" | "int32" | "bool" | "uint8";

/** The typed array that holds each element type. float16 is raw bits; bool is 0 or 1. */
export interface ArrayOf {
  float32: Float32Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  bool: Uint8Array;
  uint8: Uint8Array;
}

/** Elements of any tensor. */
export type TensorData = ArrayOf[DType];

/** A tensor with its elements, row-major. `data` is borrowed, never written to. */
export interface HostTensor<T extends DType = DType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: ArrayOf[T];
}

/** Bytes of one element. */
export const BYTES_OF: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  bool: 1,
  uint8: 1,
};

/** TensorProto.DataType codes (onnx.proto). */
export const ONNX_CODE_OF: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** A zero-filled array of `length` elements. */
export function newArray<T extends DType>(dtype: T, length: number): ArrayOf[T] {
  const make: { [K in DType]: (n: number) => ArrayOf[K] } = {
    float32: (n) => new Float32Array(n),
    float16: (n) => new Uint16Array(n),
    int64: (n) => new BigInt64Array(n),
    int32: (n) => new Int32Array(n),
    bool: (n) => new Uint8Array(n),
    uint8: (n) => new Uint8Array(n),
  };
  return make[dtype](length);
}
