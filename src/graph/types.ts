/** Types of elements, by their names in NumPy. */
export type DataType = 'float32' | 'float16' | 'bfloat16' | 'int8' | 'int32' | 'int64' | 'bool';

/**
 * The closed set of operations: all that a graph can hold, and all that is ever written to a model, by ONNX's names.
 */
export type OpType =
  | 'Add'
  | 'ArgMax'
  | 'Cast'
  | 'Ceil'
  | 'Clip'
  | 'Concat'
  | 'DynamicQuantizeMatMul'
  | 'Erf'
  | 'Exp'
  | 'Expand'
  | 'FusedMatMul'
  | 'Gather'
  | 'GatherElements'
  | 'Gelu'
  | 'Gemm'
  | 'Identity'
  | 'LayerNormalization'
  | 'Log'
  | 'LogSoftmax'
  | 'MatMul'
  | 'Mul'
  | 'Neg'
  | 'QuickGelu'
  | 'Range'
  | 'ReduceMax'
  | 'ReduceSum'
  | 'Relu'
  | 'Reshape'
  | 'ScatterElements'
  | 'ScatterND'
  | 'Shape'
  | 'Sigmoid'
  | 'SimplifiedLayerNormalization'
  | 'Slice'
  | 'Softmax'
  | 'Split'
  | 'Sub'
  | 'Tanh'
  | 'Transpose';

/**
 * One extent of a shape: a number, or a product of named extents such as `batch*source` whose value is known only when
 * the graph runs. Equal strings are equal extents.
 */
export type Dim = number | string;
/** Extents from the first axis to the last: numbers, names of extents that runs give, and products of both. */
export type Shape = readonly Dim[];

/** What is known of a tensor before a run. */
export interface TensorType {
  readonly dtype: DataType;
  readonly shape: Shape;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

/** Bytes of a frozen tensor inside another file: the checkpoint's own weights are never copied. */
export interface ExternalData {
  /** Absolute path of the file. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor in a graph: an input, a constant, or an output of a node. */
export interface Value extends TensorType {
  readonly graph: GraphBuilder;
  readonly name: string;
  readonly node?: Node;
  readonly constant?: { readonly bytes: Uint8Array } | { readonly external: ExternalData };
}

/** A frozen matrix [k, m] as 8-bit integers with a scale for each column: it stands for values ⊙ scales. */
export interface QuantizedMatrix {
  /** int8 [k, m]. */
  readonly values: Value;
  /** float32 [m]. */
  readonly scales: Value;
}

export interface Node {
  readonly op: OpType;
  /** `undefined` stands for an optional input left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/**
 * What operations and gradient rules ask of the graph that their values belong to. `Graph` is the only implementation;
 * this is its face towards the files that it is made of, which so need not import it.
 */
export interface GraphBuilder {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly recomputation: Recomputation;
  readonly transposes: TransposedPairs;
  input(name: string, dtype: DataType, shape: Shape): Value;
  floats(data: Float32Array | readonly number[], shape?: Shape): Value;
  scalar(value: number): Value;
  int8s(data: readonly number[], shape: Shape): Value;
  int64(value: number): Value;
  int64s(data: readonly number[]): Value;
  bytes(dtype: DataType, data: Float32Array | BigInt64Array | Int8Array | Uint8Array, shape: Shape): Value;
  /** Adds a node, or returns the outputs of the equal node made before. */
  apply(op: OpType, inputs: readonly (Value | undefined)[], attributes?: Attributes): readonly Value[];
  /** The node once more, of other inputs or the same: a second computation, not the values made before. */
  copy(node: Node, inputs: readonly (Value | undefined)[]): readonly Value[];
  /** The run-time value of a named extent, int64 [1]. */
  extent(symbol: Dim): Value;
}

/** Frozen matrices in two quantised forms, each the other's transpose. */
export interface TransposedPairs {
  pair(a: QuantizedMatrix, b: QuantizedMatrix): void;
  of(values: Value): QuantizedMatrix;
}

/** Values that a backward pass computes again where it needs them: memory for time. */
export interface Recomputation {
  /** Marks a value. `again` computes it from what is held anyway; by default its node is run a second time. */
  mark(value: Value, again?: () => Value): void;
  /** What a backward pass is to use in place of `value`: the value itself unless it is marked. */
  of(value: Value): Value;
}

/** The typed error for what the graph cannot do: it names the operation. */
export class GraphError extends Error {
  /** Made of the operation, or the part of a graph, that cannot be so, and of what is wrong with it. */
  constructor(op: string, what: string) {
    super(`${op}: ${what}`);
    this.name = 'GraphError';
  }
}
