import type { Graph } from '../../src/graph/graph.ts';
import type { Attributes, Node, OpType, Value } from '../../src/graph/types.ts';

/** A second implementation of every operation, in float64, slow and plain: what the written graphs are checked against. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const tensor = (shape: readonly number[], data: ArrayLike<number>): Tensor => ({
  shape,
  data: Float64Array.from(data),
});
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

const stridesOf = (shape: readonly number[]): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
const indicesOf = (shape: readonly number[], flat: number): number[] =>
  stridesOf(shape).map((stride, axis) => Math.floor(flat / stride) % shape[axis]!);

function build(shape: readonly number[], element: (indices: number[]) => number): Tensor {
  return tensor(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, flat) => element(indicesOf(shape, flat))),
  );
}

/** Element with broadcasting: indices may be longer than x's rank, and an extent of 1 repeats. */
function at({ shape, data }: Tensor, indices: readonly number[]): number {
  const own = indices.slice(indices.length - shape.length);
  return data[stridesOf(shape).reduce((sum, stride, axis) => sum + stride * (shape[axis] === 1 ? 0 : own[axis]!), 0)]!;
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  );
}

const unary =
  (f: (x: number) => number) =>
  ([x]: Tensor[]) => [tensor(x!.shape, x!.data.map(f))];
const binary =
  (f: (a: number, b: number) => number) =>
  ([a, b]: Tensor[]) => [build(broadcast(a!.shape, b!.shape), indices => f(at(a!, indices), at(b!, indices)))];

/** Applies f to each row along the last axis. */
function byRow(x: Tensor, f: (row: Float64Array) => ArrayLike<number>): Tensor {
  const width = x.shape.at(-1)!;
  const rows = Array.from({ length: x.data.length / width }, (_, row) =>
    Array.from(f(x.data.slice(row * width, (row + 1) * width))),
  );
  return tensor(x.shape, rows.flat());
}

function softmaxRow(row: Float64Array): Float64Array {
  const largest = Math.max(...row);
  const exponents = row.map(value => Math.exp(value - largest));
  const total = exponents.reduce((sum, value) => sum + value, 0);
  return exponents.map(value => value / total);
}

function product(a: Tensor, b: Tensor, { transA, transB }: Attributes): Tensor {
  const swap = (indices: number[], row: number, column: number, swapped: boolean) =>
    swapped ? [...indices, column, row] : [...indices, row, column];
  const rows = a.shape.at(transA ? -1 : -2)!;
  const inner = a.shape.at(transA ? -2 : -1)!;
  const columns = b.shape.at(transB ? -2 : -1)!;
  return build([...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns], indices => {
    const [row, column] = indices.splice(-2) as [number, number];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += at(a, swap(indices, row, k, !!transA)) * at(b, swap(indices, k, column, !!transB));
    return sum;
  });
}

/** Halves go to the even neighbour. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function scatter(into: Tensor, targets: (flat: number) => number[], updates: Tensor): Tensor {
  const result = Float64Array.from(into.data);
  const strides = stridesOf(into.shape);
  for (const [flat, value] of updates.data.entries()) {
    const position = targets(flat).reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
    result[position] = result[position]! + value;
  }
  return tensor(into.shape, result);
}

/** By the series of positive terms 2/√π exp(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)), which loses no digits. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const geluForms: Readonly<Record<string, (x: number) => number>> = {
  tanh: x => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  none: x => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

type Reference = (inputs: Tensor[], attributes: Attributes) => Tensor[];

const references: { [Op in OpType]: Reference } = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Neg: unary(x => -x),
  Tanh: unary(Math.tanh),
  Relu: unary(x => Math.max(x, 0)),
  Ceil: unary(Math.ceil),
  Clip: ([x, low, high]) => [
    tensor(
      x!.shape,
      x!.data.map(value => Math.min(Math.max(value, low!.data[0]!), high!.data[0]!)),
    ),
  ],
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Erf: unary(erf),
  Sigmoid: unary(x => 1 / (1 + Math.exp(-x))),
  QuickGelu: (inputs, { alpha }) => unary(x => x / (1 + Math.exp(-(alpha as { float: number }).float * x)))(inputs),
  Gelu: (inputs, { approximate }) => unary(geluForms[approximate as string]!)(inputs),
  Identity: unary(x => x),
  Cast: unary(x => x),
  Gemm: ([a, b, c], attributes) => {
    const { alpha } = attributes as { alpha: { float: number } };
    const scaled = product(a!, b!, attributes).data.map(value => value * alpha.float);
    const result = tensor(product(a!, b!, attributes).shape, scaled);
    return [c ? build(result.shape, indices => at(result, indices) + at(c, indices)) : result];
  },
  FusedMatMul: ([a, b], attributes) => [product(a!, b!, attributes)],
  // x is rounded in float32, as ONNX Runtime does, lest a number between two steps fall to the other one.
  DynamicQuantizeMatMul: ([x, values, scales]) => {
    const { fround } = Math;
    const [low, high] = [Math.min(0, ...x!.data), Math.max(0, ...x!.data)];
    const scale = fround((high - low) / 255) || 1;
    const zero = roundToEven(fround(-low / scale));
    const rounded = x!.data.map(value => Math.min(255, Math.max(0, roundToEven(fround(value / scale)) + zero)) - zero);
    const { shape, data } = product(tensor(x!.shape, rounded), values!, {});
    return [
      tensor(
        shape,
        data.map((sum, i) => sum * scale * scales!.data[i % scales!.data.length]!),
      ),
    ];
  },
  MatMul: ([a, b], attributes) => [product(a!, b!, attributes)],
  ReduceSum: ([x], attributes) => {
    const axes = attributes.axes as readonly number[];
    const kept = x!.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const sums = scatter(
      tensor(kept, new Float64Array(sizeOf(kept))),
      flat => indicesOf(x!.shape, flat).map((index, axis) => (axes.includes(axis) ? 0 : index)),
      x!,
    );
    return [tensor(attributes.keepdims ? kept : x!.shape.filter((_, axis) => !axes.includes(axis)), sums.data)];
  },
  // Along the last axis alone, as it is used.
  ReduceMax: ([x]) => {
    const largest = byRow(x!, row => [Math.max(...row)]);
    return [tensor(x!.shape.with(-1, 1), largest.data)];
  },
  ArgMax: ([x]) => {
    const width = x!.shape.at(-1)!;
    const rows = x!.data.length / width;
    const best = Array.from({ length: rows }, (_, row) => {
      const values = x!.data.slice(row * width, (row + 1) * width);
      return values.indexOf(Math.max(...values));
    });
    return [tensor(x!.shape.slice(0, -1), best)];
  },
  Reshape: ([x, target]) => {
    const known = target!.data.reduce(
      (productSoFar, extent) => (extent === -1 ? productSoFar : productSoFar * extent),
      1,
    );
    return [
      tensor(
        Array.from(target!.data, extent => (extent === -1 ? x!.data.length / known : extent)),
        x!.data,
      ),
    ];
  },
  Expand: ([x, target]) => [build(broadcast(x!.shape, Array.from(target!.data)), indices => at(x!, indices))],
  Transpose: ([x], { perm }) => {
    const permutation = perm as readonly number[];
    return [
      build(
        permutation.map(axis => x!.shape[axis]!),
        indices =>
          at(
            x!,
            permutation.map((_, axis) => indices[permutation.indexOf(axis)]!),
          ),
      ),
    ];
  },
  Split: ([x], attributes) => {
    const { axis, sizes } = attributes as { axis: number; sizes: readonly number[] };
    return sizes.map((size, piece) => {
      const start = sizes.slice(0, piece).reduce((sum, length) => sum + length, 0);
      return build(x!.shape.with(axis, size), indices => at(x!, indices.with(axis, indices[axis]! + start)));
    });
  },
  Concat: (inputs, attributes) => {
    const axis = attributes.axis as number;
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return [
      build(inputs[0]!.shape.with(axis, total), indices => {
        let offset = indices[axis]!;
        const piece = inputs.find(({ shape }) => {
          if (offset < shape[axis]!) return true;
          offset -= shape[axis]!;
          return false;
        })!;
        // Not `at`: a piece that is 1 long here is not a broadcast one.
        const strides = stridesOf(piece.shape);
        return piece.data[indices.with(axis, offset).reduce((sum, index, a) => sum + index * strides[a]!, 0)]!;
      }),
    ];
  },
  Shape: ([x], { start, end }) => [
    tensor([(end as number) - (start as number)], x!.shape.slice(start as number, end as number)),
  ],
  Slice: ([x, start, end], attributes) => {
    const axis = attributes.axis as number;
    const [from, to] = [start!.data[0]!, Math.min(end!.data[0]!, x!.shape[axis]!)];
    return [build(x!.shape.with(axis, to - from), indices => at(x!, indices.with(axis, from + indices[axis]!)))];
  },
  Range: ([start, limit, step]) => {
    const [first, end, by] = [start!, limit!, step!].map(({ data }) => data[0]!) as [number, number, number];
    const length = Math.ceil((end - first) / by);
    return [
      tensor(
        [length],
        Array.from({ length }, (_, i) => first + i * by),
      ),
    ];
  },
  Softmax: ([x]) => [byRow(x!, softmaxRow)],
  LogSoftmax: ([x]) => [byRow(x!, row => softmaxRow(row).map(Math.log))],
  Gather: ([table, indices]) => [
    build([...indices!.shape, ...table!.shape.slice(1)], ([row, ...rest]) => {
      const index = indices!.data[row!]!;
      return at(table!, [index < 0 ? index + table!.shape[0]! : index, ...rest]);
    }),
  ],
  GatherElements: ([x, indices]) => [
    build(indices!.shape, ([row, column]) => at(x!, [row!, at(indices!, [row!, column!])])),
  ],
  ScatterElements: ([into, indices, updates]) => [
    scatter(into!, flat => [indicesOf(updates!.shape, flat)[0]!, indices!.data[flat]!], updates!),
  ],
  ScatterND: ([into, indices, updates]) => [
    scatter(
      into!,
      flat => {
        const [row, ...rest] = indicesOf(updates!.shape, flat);
        return [indices!.data[row!]!, ...rest];
      },
      updates!,
    ),
  ],
  SimplifiedLayerNormalization: ([x, weight], attributes) => {
    const { epsilon } = attributes as { epsilon: { float: number } };
    const inverses: number[] = [];
    const y = byRow(x!, row => {
      const inverse = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon.float);
      inverses.push(inverse);
      return row.map((value, index) => value * inverse * weight!.data[index]!);
    });
    return [y, tensor([inverses.length, 1], inverses)];
  },
  LayerNormalization: ([x, weight, bias], attributes) => {
    const { epsilon } = attributes as { epsilon: { float: number } };
    const [means, inverses]: [number[], number[]] = [[], []];
    const y = byRow(x!, row => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      const deviation = Math.sqrt(variance + epsilon.float);
      means.push(mean);
      inverses.push(1 / deviation);
      return row.map((value, i) => ((value - mean) / deviation) * weight!.data[i]! + (bias?.data[i] ?? 0));
    });
    return [y, tensor([means.length, 1], means), tensor([means.length, 1], inverses)];
  },
};

/** Runs a graph's nodes on float64 inputs; every value by name. */
export function evaluate(graph: Graph, inputs: Readonly<Record<string, Tensor>>): Map<Value, Tensor> {
  const values = new Map<Value, Tensor>();
  for (const input of graph.inputs) values.set(input, inputs[input.name]!);
  for (const constant of graph.constants) values.set(constant, constantTensor(constant));
  for (const node of graph.nodes) run(node, values);
  return values;
}

function run(node: Node, values: Map<Value, Tensor>): void {
  const results = references[node.op](
    node.inputs.map(input => values.get(input!)!),
    node.attributes,
  );
  for (const [index, output] of node.outputs.entries()) values.set(output, results[index]!);
}

function constantTensor({ dtype, shape, constant }: Value): Tensor {
  if (!constant || !('bytes' in constant)) throw new Error('only inline constants can be evaluated');
  const { buffer, byteOffset, byteLength } = constant.bytes;
  const read: Partial<Record<typeof dtype, () => ArrayLike<number>>> = {
    int64: () => Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), Number),
    int8: () => new Int8Array(buffer, byteOffset, byteLength),
    float32: () => new Float32Array(buffer, byteOffset, byteLength / 4),
  };
  return tensor(shape as number[], read[dtype]!());
}
