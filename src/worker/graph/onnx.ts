// Serialises an authored graph to ONNX ModelProto bytes. Field numbers are those of onnx.proto (IR version 10).
// Pure; runs in the worker and in Node.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { DType, HostTensor } from "./dtype.ts";
import { ONNX_CODE_OF } from "./dtype.ts";

/** A node's attribute. Bare numbers are integers, as most ONNX attributes are. */
export type Attribute =
  number | readonly number[] | string | { readonly float: number } | { readonly dtype: DType };

export interface NodeProto {
  readonly name: string;
  readonly type: string;
  /** "" is ONNX's own operator set. */
  readonly domain: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** "" is an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Name, dtype and shape of a graph's input or output. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface ModelDescription {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initialisers: readonly { readonly name: string; readonly tensor: HostTensor }[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

const IR_VERSION = 10;
/** Operator sets: ONNX 21, and the runtime's own contributed operators. */
const OPERATOR_SETS: readonly (readonly [domain: string, version: number])[] = [
  ["", 21],
  ["com.microsoft", 1],
];
/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** ModelProto bytes. Initialiser data is copied into them. */
export function serialiseModel(model: ModelDescription): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  writer.tag(2, WireType.LengthDelimited).string("sotto");
  message(writer, 7, (graph) => writeGraph(graph, model));
  for (const [domain, version] of OPERATOR_SETS)
    message(writer, 8, (set) => {
      set.tag(1, WireType.LengthDelimited).string(domain);
      set.tag(2, WireType.Varint).int64(version);
    });
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

function writeGraph(writer: BinaryWriter, model: ModelDescription): void {
  for (const node of model.nodes) message(writer, 1, (inner) => writeNode(inner, node));
  writer.tag(2, WireType.LengthDelimited).string(model.name);
  for (const { name, tensor } of model.initialisers)
    message(writer, 5, (inner) => writeTensor(inner, name, tensor));
  for (const info of model.inputs) message(writer, 11, (inner) => writeValueInfo(inner, info));
  for (const info of model.outputs) message(writer, 12, (inner) => writeValueInfo(inner, info));
}

function writeNode(writer: BinaryWriter, node: NodeProto): void {
  for (const input of node.inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of node.outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  writer.tag(3, WireType.LengthDelimited).string(node.name);
  writer.tag(4, WireType.LengthDelimited).string(node.type);
  for (const [name, value] of Object.entries(node.attributes))
    message(writer, 5, (inner) => writeAttribute(inner, name, value));
  if (node.domain) writer.tag(7, WireType.LengthDelimited).string(node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, value: Attribute): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  const type = (code: number): BinaryWriter => writer.tag(20, WireType.Varint).int32(code);
  if (typeof value === "number") {
    if (!Number.isInteger(value)) throw new Error(`attribute ${name}: write { float: ${value} }`);
    writer.tag(3, WireType.Varint).int64(value);
    type(ATTRIBUTE_TYPE.int);
  } else if (typeof value === "string") {
    writer.tag(4, WireType.LengthDelimited).string(value);
    type(ATTRIBUTE_TYPE.string);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    type(ATTRIBUTE_TYPE.float);
  } else if ("dtype" in value) {
    writer.tag(3, WireType.Varint).int64(ONNX_CODE_OF[value.dtype]);
    type(ATTRIBUTE_TYPE.int);
  } else {
    for (const item of value) writer.tag(8, WireType.Varint).int64(item);
    type(ATTRIBUTE_TYPE.ints);
  }
}

function writeTensor(writer: BinaryWriter, name: string, tensor: HostTensor): void {
  const { dtype, shape, data } = tensor;
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(ONNX_CODE_OF[dtype]);
  writer.tag(8, WireType.LengthDelimited).string(name);
  writer
    .tag(9, WireType.LengthDelimited)
    .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValueInfo(writer: BinaryWriter, { name, dtype, shape }: ValueInfo): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  message(writer, 2, (type) =>
    message(type, 1, (tensorType) => {
      tensorType.tag(1, WireType.Varint).int32(ONNX_CODE_OF[dtype]);
      message(tensorType, 2, (tensorShape) => {
        for (const size of shape)
          message(tensorShape, 1, (axis) => axis.tag(1, WireType.Varint).int64(size));
      });
    }),
  );
}
