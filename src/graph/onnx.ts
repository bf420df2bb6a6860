import { relative, sep } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Graph } from './graph.ts';
import { ops } from './ops/ops.ts';
import { neededNodes, scheduled } from './schedule.ts';
import type { Attribute, DataType, Node, Value } from './types.ts';

/**
 * A message in protobuf's wire format, field by field: what the library's writer leaves out is a tag before each value.
 */
export class ProtobufWriter {
  readonly #writer = new BinaryWriter();

  /** Integers of up to 64 bits; negative ones as two's complement. */
  varint(field: number, value: number | bigint): this {
    this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#writer.tag(field, WireType.Bit32).float(value);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  string(field: number, value: string): this {
    this.#writer.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }

  /**
   * A message inside this one: `write` is given this same writer, whose fields are the inner one's until it returns.
   */
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    this.#writer.tag(field, WireType.LengthDelimited).fork();
    write(this);
    this.#writer.join();
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** The operator set the nodes are written in: 20 is the first with Gelu. */
export const OPSET = 20;
const IR_VERSION = 10;
/** TensorProto.DataType. */
const DATA_TYPES: Record<DataType, number> = {
  float32: 1,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};
/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;
const EXTERNAL = 1;

/** Names that other programs know extents by, for those of the graph. */
type ExtentNames = Readonly<Record<string, string>>;

/**
 * The graph as an ONNX model. Nodes that no output needs are left out. External tensors are named relative to
 * `externalFolder`, the folder the reader of the model is told about.
 */
export function toOnnx(graph: Graph, externalFolder = '.', extents: ExtentNames = {}): Uint8Array {
  const nodes = scheduled(neededNodes(graph));
  const used = new Set(nodes.flatMap(node => node.inputs));
  return new ProtobufWriter()
    .varint(1, IR_VERSION)
    .string(2, 's3delta')
    .message(7, proto => {
      for (const node of nodes) proto.message(1, writer => writeNode(writer, node, used));
      proto.string(2, 'graph');
      for (const constant of graph.constants) {
        if (used.has(constant)) proto.message(5, writer => writeInitializer(writer, constant, externalFolder));
      }
      for (const input of graph.inputs) proto.message(11, writer => writeValueInfo(writer, input, extents));
      for (const output of graph.outputs) proto.message(12, writer => writeValueInfo(writer, output, extents));
      // ONNX Runtime plans which buffers are reused by these shapes; left to infer them, it plans for longer and worse.
      for (const node of nodes) {
        for (const output of node.outputs)
          if (used.has(output)) proto.message(13, writer => writeValueInfo(writer, output, extents));
      }
    })
    .message(8, writer => writer.varint(2, OPSET))
    .message(8, writer => writer.string(1, 'com.microsoft').varint(2, 1))
    .finish();
}

function writeNode(writer: ProtobufWriter, node: Node, used: ReadonlySet<Value | undefined>): void {
  const { domain, internal } = ops[node.op];
  for (const input of node.inputs) writer.string(1, input?.name ?? '');
  // An optional output that nobody reads is left unnamed, so that it is not computed.
  for (const [index, output] of node.outputs.entries()) {
    writer.string(2, index === 0 || used.has(output) || node.op === 'Split' ? output.name : '');
  }
  writer.string(3, node.outputs[0]!.name).string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (!internal?.includes(name)) writer.message(5, attribute => writeAttribute(attribute, name, value));
  }
  if (domain) writer.string(7, domain);
}

function writeAttribute(writer: ProtobufWriter, name: string, value: Attribute): void {
  writer.string(1, name);
  if (typeof value === 'number') writer.varint(3, value).varint(20, ATTRIBUTE_TYPES.int);
  else if (typeof value === 'string') writer.string(4, value).varint(20, ATTRIBUTE_TYPES.string);
  else if ('float' in value) writer.float(2, value.float).varint(20, ATTRIBUTE_TYPES.float);
  else {
    for (const item of value) writer.varint(8, item);
    writer.varint(20, ATTRIBUTE_TYPES.ints);
  }
}

function writeInitializer(writer: ProtobufWriter, value: Value, externalFolder: string): void {
  for (const dim of value.shape) writer.varint(1, dim as number);
  writer.varint(2, DATA_TYPES[value.dtype]).string(8, value.name);
  const constant = value.constant!;
  if ('bytes' in constant) {
    writer.bytes(9, constant.bytes);
    return;
  }
  const { offset, length } = constant.external;
  const location = relative(externalFolder, constant.external.location).replaceAll(sep, '/');
  for (const [key, text] of Object.entries({ location, offset: String(offset), length: String(length) })) {
    writer.message(13, entry => entry.string(1, key).string(2, text));
  }
  writer.varint(14, EXTERNAL);
}

function writeValueInfo(writer: ProtobufWriter, { name, dtype, shape }: Value, extents: ExtentNames): void {
  const renamed = (dim: string) =>
    dim
      .split('*')
      .map(factor => extents[factor] ?? factor)
      .join('*');
  writer.string(1, name).message(2, type =>
    type.message(1, tensor => {
      tensor.varint(1, DATA_TYPES[dtype]).message(2, proto => {
        for (const dim of shape) {
          proto.message(1, dimension => {
            if (typeof dim === 'number') dimension.varint(1, dim);
            else dimension.string(2, renamed(dim));
          });
        }
      });
    }),
  );
}
