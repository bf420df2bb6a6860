import type { Graph } from './graph.ts';
import type { OpType } from './ops/index.ts';

export type DataType = 'float32' | 'float16' | 'bfloat16' | 'int8' | 'int32' | 'int64' | 'bool';

/**
 * One extent of a shape: a number, or a product of named extents such as `batch*source` whose value is known only when
 * the graph runs. Equal strings are equal extents.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

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
  readonly graph: Graph;
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

/** The typed error for what the graph cannot do: it names the operation. */
export class GraphError extends Error {
  constructor(op: string, what: string) {
    super(`${op}: ${what}`);
    this.name = 'GraphError';
  }
}
