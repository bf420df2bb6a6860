import { ops } from './ops/ops.ts';
import { BYTES, sizeOf } from './shape.ts';
import {
  type Attributes,
  type DataType,
  type Dim,
  type ExternalData,
  type GraphBuilder,
  GraphError,
  type Node,
  type OpType,
  type QuantizedMatrix,
  type Recomputation,
  type Shape,
  type TransposedPairs,
  type Value,
} from './types.ts';

/**
 * A computation as a list of nodes in the order they were made, which is a topological order. Asking for the same
 * node twice gives the same values, so callers need not keep what they computed before.
 */
export class Graph implements GraphBuilder {
  readonly inputs: Value[] = [];
  readonly nodes: Node[] = [];
  readonly constants: Value[] = [];
  readonly outputs: Value[] = [];
  readonly recomputation = new RecomputedValues();
  readonly transposes = new Transposes();
  readonly #known = new Map<string, readonly Value[]>();
  readonly #names = new Set<string>();
  readonly #extents = new Map<string, Value>();
  #count = 0;

  /** A value that every run is fed. */
  input(name: string, dtype: DataType, shape: Shape): Value {
    const value: Value = { graph: this, name: this.#claim(name), dtype, shape };
    this.inputs.push(value);
    return value;
  }

  /** Names a value as an output of the graph. */
  output(name: string, value: Value): Value {
    // Identity gives the output its public name without touching the value's own.
    const named: Value = { graph: this, name: this.#claim(name), dtype: value.dtype, shape: value.shape };
    const node: Node = { op: 'Identity', inputs: [value], attributes: {}, outputs: [named] };
    this.nodes.push(node);
    this.outputs.push(named);
    return named;
  }

  /** A tensor whose bytes lie in another file; they are read when a session starts. */
  external(name: string, dtype: DataType, shape: Shape, external: ExternalData): Value {
    const known = this.#known.get(`external ${name}`);
    if (known) return known[0]!;
    const expected = sizeOf(name, shape) * BYTES[dtype];
    if (expected !== external.length)
      throw new GraphError(name, `${external.length} bytes where [${shape}] needs ${expected}`);
    return this.#addConstant(`external ${name}`, {
      graph: this,
      name: this.#claim(name),
      dtype,
      shape,
      constant: { external },
    });
  }

  /** A float32 constant; a vector unless a shape is given. */
  floats(data: Float32Array | readonly number[], shape: Shape = [data.length]): Value {
    return this.bytes('float32', Float32Array.from(data), shape);
  }

  /** A float32 constant of shape []. */
  scalar(value: number): Value {
    return this.floats([value], []);
  }

  /** An int8 constant. */
  int8s(data: readonly number[], shape: Shape): Value {
    return this.bytes('int8', Int8Array.from(data), shape);
  }

  /** An int64 constant of shape []. */
  int64(value: number): Value {
    return this.bytes('int64', BigInt64Array.of(BigInt(value)), []);
  }

  /** An int64 vector. */
  int64s(data: readonly number[]): Value {
    return this.bytes('int64', BigInt64Array.from(data.map(BigInt)), [data.length]);
  }

  /** A constant whose bytes, little-endian and row-major, stand in the model itself. */
  bytes(dtype: DataType, data: Float32Array | BigInt64Array | Int8Array | Uint8Array, shape: Shape): Value {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const expected = sizeOf('constant', shape) * BYTES[dtype];
    if (expected !== bytes.length)
      throw new GraphError('constant', `${bytes.length} bytes where [${shape}] needs ${expected}`);
    const key = `${dtype}[${shape}] ${bytes.length > 1024 ? this.#count++ : Buffer.from(bytes).toString('hex')}`;
    const known = this.#known.get(key);
    if (known) return known[0]!;
    return this.#addConstant(key, {
      graph: this,
      name: this.#claim(`constant_${this.#count++}`),
      dtype,
      shape,
      constant: { bytes },
    });
  }

  /** Runs the operation's shape inference and adds the node, or returns the outputs of the equal node made before. */
  apply(op: OpType, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): readonly Value[] {
    const foreign = inputs.find(input => input !== undefined && input.graph !== this);
    if (foreign) throw new GraphError(op, `${foreign.name} belongs to another graph`);
    const key = `${op}(${inputs.map(input => input?.name ?? '')})${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known) return known;
    const outputs = this.#append(op, inputs, attributes);
    this.#known.set(key, outputs);
    return outputs;
  }

  /** The node once more, of other inputs or the same: a second computation, not the values made before. */
  copy({ op, attributes }: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
    return this.#append(op, inputs, attributes);
  }

  #append(op: OpType, inputs: readonly (Value | undefined)[], attributes: Attributes): readonly Value[] {
    const types = ops[op].infer(inputs as readonly Value[], attributes);
    const outputs: Value[] = [];
    const node: Node = { op, inputs, attributes, outputs };
    for (const { dtype, shape } of types) {
      outputs.push({ graph: this, name: this.#claim(`${op}_${this.#count++}`), dtype, shape, node });
    }
    this.nodes.push(node);
    return outputs;
  }

  /** Says what a named extent is that no input has: int64 [1]. */
  nameExtent(symbol: string, value: Value): void {
    this.#extents.set(symbol, value);
  }

  /** The run-time value of a named extent, int64 [1], read off the first input that has it. */
  extent(symbol: Dim): Value {
    if (typeof symbol === 'number') return this.int64s([symbol]);
    const named = this.#extents.get(symbol);
    if (named) return named;
    for (const input of this.inputs) {
      const axis = input.shape.indexOf(symbol);
      if (axis >= 0) return this.apply('Shape', [input], { start: axis, end: axis + 1 })[0]!;
    }
    throw new GraphError('Shape', `no input has an extent named ${symbol}`);
  }

  #addConstant(key: string, value: Value): Value {
    this.constants.push(value);
    this.#known.set(key, [value]);
    return value;
  }

  #claim(name: string): string {
    if (this.#names.has(name)) throw new GraphError('graph', `two values are named ${name}`);
    this.#names.add(name);
    return name;
  }
}

/**
 * Values that a backward pass computes again where it needs them, so that they need not be held from the forward
 * pass until then: memory for time.
 */
class RecomputedValues implements Recomputation {
  readonly #recipes = new Map<Value, () => Value>();
  readonly #made = new Map<Value, Value>();

  /** Marks a value. `again` computes it from what is held anyway; by default its node is run a second time. */
  mark(value: Value, again: () => Value = () => this.#copy(value)): void {
    this.#recipes.set(value, again);
  }

  /** What a backward pass is to use in place of `value`: the value itself unless it is marked. */
  of(value: Value): Value {
    const recipe = this.#recipes.get(value);
    if (!recipe) return value;
    const made = this.#made.get(value) ?? recipe();
    this.#made.set(value, made);
    return made;
  }

  #copy(value: Value): Value {
    const { graph, node } = value;
    if (!node) throw new Error(`${value.name} is no node's output: there is nothing to compute again`);
    const inputs = node.inputs.map(input => input && this.of(input));
    const outputs = graph.copy(node, inputs);
    // One copy gives all outputs of its node.
    for (const [index, output] of node.outputs.entries()) this.#made.set(output, outputs[index]!);
    return outputs[node.outputs.indexOf(value)]!;
  }
}

/**
 * Frozen matrices that a graph has in two quantised forms: a matrix and its transpose have scales of their own, one a
 * column each. A backward pass multiplies by the transpose.
 */
class Transposes implements TransposedPairs {
  readonly #known = new Map<Value, QuantizedMatrix>();

  pair(a: QuantizedMatrix, b: QuantizedMatrix): void {
    this.#known.set(a.values, b);
    this.#known.set(b.values, a);
  }

  of(values: Value): QuantizedMatrix {
    const transpose = this.#known.get(values);
    if (!transpose) throw new GraphError('DynamicQuantizeMatMul', `the transpose of ${values.name} was not given`);
    return transpose;
  }
}
