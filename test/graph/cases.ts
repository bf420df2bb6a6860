import type { Graph } from '../../src/graph/graph.ts';
import * as op from '../../src/graph/ops/ops.ts';
import type { Dim, OpType, Value } from '../../src/graph/types.ts';

/** One use of an operation: `shapes` are the float inputs' (their values are drawn), `indices` integer inputs with fixed values. */
export interface OpCase {
  readonly name: string;
  /** Operations that `build` must bring into the graph. */
  readonly covers: readonly OpType[];
  readonly shapes: readonly (readonly number[])[];
  /** Where the declared shape differs from the fed one: named extents. */
  readonly declared?: readonly (readonly Dim[])[];
  readonly indices?: readonly { readonly shape: readonly number[]; readonly values: readonly number[] }[];
  readonly build: (inputs: readonly Value[], indices: readonly Value[], graph: Graph) => Value;
}

const elementwise: OpCase[] = [
  {
    name: 'a + b',
    covers: ['Add'],
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: ([a, b]) => op.add(a!, b!),
  },
  { name: 'a + row', covers: ['Add'], shapes: [[2, 3], [3]], build: ([a, b]) => op.add(a!, b!) },
  { name: 'scalar + a', covers: ['Add'], shapes: [[], [2, 3]], build: ([a, b]) => op.add(a!, b!) },
  {
    name: 'column − row',
    covers: ['Sub'],
    shapes: [
      [2, 1],
      [1, 3],
    ],
    build: ([a, b]) => op.sub(a!, b!),
  },
  {
    name: 'a ⊙ b',
    covers: ['Mul'],
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: ([a, b]) => op.mul(a!, b!),
  },
  {
    name: 'a ⊙ column',
    covers: ['Mul'],
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: ([a, b]) => op.mul(a!, b!),
  },
  {
    name: 'a column broadcasts over a square',
    covers: ['Mul'],
    shapes: [
      [3, 1],
      [3, 3],
    ],
    build: ([a, b]) => op.mul(a!, b!),
  },
  { name: 'gate ⊙ a', covers: ['Mul'], shapes: [[1], [4, 2]], build: ([a, b]) => op.mul(a!, b!) },
  { name: 'a ⊙ a', covers: ['Mul'], shapes: [[3, 2]], build: ([a]) => op.mul(a!, a!) },
  {
    name: 'inner extent broadcasts',
    covers: ['Mul'],
    shapes: [
      [2, 3, 4],
      [2, 1, 4],
    ],
    build: ([a, b]) => op.mul(a!, b!),
  },
  { name: '−a', covers: ['Neg'], shapes: [[2, 3]], build: ([a]) => op.neg(a!) },
  { name: 'tanh', covers: ['Tanh'], shapes: [[2, 3]], build: ([a]) => op.tanh(a!) },
  { name: 'relu', covers: ['Relu', 'Ceil', 'Clip'], shapes: [[4, 5]], build: ([a]) => op.relu(a!) },
  { name: 'gelu', covers: ['Gelu'], shapes: [[4, 5]], build: ([a]) => op.gelu(a!) },
  { name: 'exact gelu', covers: ['Gelu', 'Erf'], shapes: [[4, 5]], build: ([a]) => op.exactGelu(a!) },
  { name: 'erf', covers: ['Erf'], shapes: [[4, 5]], build: ([a]) => op.erf(a!) },
  { name: 'sigmoid', covers: ['Sigmoid'], shapes: [[4, 5]], build: ([a]) => op.sigmoid(a!) },
  { name: 'silu', covers: ['QuickGelu', 'Sigmoid'], shapes: [[4, 5]], build: ([a]) => op.silu(a!) },
  { name: 'exp', covers: ['Exp'], shapes: [[2, 3]], build: ([a]) => op.exp(a!) },
  { name: 'log', covers: ['Log'], shapes: [[2, 3]], build: ([a]) => op.log(op.exp(a!)) },
  { name: 'identity', covers: ['Identity'], shapes: [[2, 3]], build: ([a]) => a!.graph.apply('Identity', [a!])[0]! },
];

const both = [false, true];
const matrix: OpCase[] = [
  ...both.flatMap(transA =>
    both.flatMap(transB => {
      const [a, b] = [transA ? [4, 2] : [2, 4], transB ? [3, 4] : [4, 3]];
      return [
        {
          name: `gemm ${transA} ${transB}`,
          covers: ['Gemm'] as const,
          shapes: [a, b, [2, 3]],
          build: ([x, y, c]: readonly Value[]) => op.gemm(x!, y!, { transA, transB, alpha: 0.7, c: c! }),
        },
        {
          name: `matmul ${transA} ${transB}`,
          covers: ['FusedMatMul'] as const,
          shapes: [
            [2, 1, ...a],
            [3, ...b],
          ],
          build: ([x, y]: readonly Value[]) => op.matmul(x!, y!, { transA, transB }),
        },
      ];
    }),
  ),
  {
    name: 'plain matmul',
    covers: ['MatMul'],
    shapes: [
      [2, 1, 2, 4],
      [3, 4, 3],
    ],
    build: ([x, y]) => op.plainMatmul(x!, y!),
  },
  {
    name: 'gemm + bias',
    covers: ['Gemm'],
    shapes: [[2, 4], [4, 3], [3]],
    build: ([x, y, c]) => op.gemm(x!, y!, { c: c! }),
  },
  {
    name: 'gemm + column',
    covers: ['Gemm'],
    shapes: [
      [2, 4],
      [4, 3],
      [2, 1],
    ],
    build: ([x, y, c]) => op.gemm(x!, y!, { c: c! }),
  },
  {
    name: 'gemm of a with itself',
    covers: ['Gemm'],
    shapes: [[2, 4]],
    build: ([x]) => op.gemm(x!, x!, { transB: true }),
  },
  {
    name: 'product of concatenations',
    covers: ['Gemm', 'Concat'],
    shapes: [
      [4, 2],
      [4, 1],
      [3, 2],
      [3, 1],
      [4, 3],
    ],
    build: ([a, b, c, d, e]) => op.gemm(op.concat([a!, b!], 1), op.concat([c!, d!], 1), { transB: true, c: e! }),
  },
  {
    name: 'product of concatenations that do not pair',
    covers: ['Gemm', 'Concat', 'Split'],
    shapes: [
      [4, 2],
      [4, 1],
      [1, 3],
      [2, 3],
    ],
    build: ([a, b, c, d]) => op.gemm(op.concat([a!, b!], 1), op.concat([c!, d!], 0)),
  },
  {
    name: 'two products of one input',
    covers: ['Gemm'],
    shapes: [
      [2, 4],
      [4, 3],
      [4, 3],
    ],
    build: ([x, y, z]) => op.add(op.gemm(x!, y!), op.gemm(x!, z!)),
  },
];

const shaped: OpCase[] = [
  { name: 'largest of a row', covers: ['ReduceMax'], shapes: [[3, 5]], build: ([x]) => op.reduceMax(x!) },
  { name: 'sum over rows', covers: ['ReduceSum', 'Expand'], shapes: [[2, 3]], build: ([x]) => op.reduceSum(x!, [0]) },
  {
    name: 'sum without kept extents',
    covers: ['ReduceSum'],
    shapes: [[2, 3, 4]],
    build: ([x]) => op.reduceSum(x!, [0, 2], false),
  },
  { name: 'reshape', covers: ['Reshape'], shapes: [[2, 6]], build: ([x]) => op.reshape(x!, [4, 3]) },
  {
    name: 'named extents come back',
    covers: ['Reshape', 'Shape', 'Transpose'],
    shapes: [[2, 3, 4]],
    declared: [['batch', 'source', 4]],
    build: ([x]) => {
      const flat = op.reshape(x!, ['batch*source', 4]);
      return op.transpose(op.reshape(flat, ['batch', 'source', 2, 2]), [0, 2, 1, 3]);
    },
  },
  {
    name: 'rows counted, and held between two bounds',
    covers: ['Range', 'Clip', 'Cast', 'Sub'],
    shapes: [[5, 2]],
    declared: [['rows', 2]],
    build: ([x], _, graph) => {
      const held = op.clip(op.sub(op.range(graph, 'rows'), graph.int64(2)), graph.int64(-1), graph.int64(1));
      return op.mul(x!, op.reshape(op.cast(held, 'float32'), ['rows', 1]));
    },
  },
  {
    name: 'what two lists one after the other hold between two places',
    covers: ['Slice', 'Concat'],
    shapes: [[5, 2]],
    declared: [['rows', 2]],
    build: ([x], _, graph) => {
      const count = op.range(graph, 'rows');
      const cut = op.slice(op.concat([count, count], 0, 'both'), 0, [graph.int64s([3]), graph.int64s([8])], 'rows');
      return op.mul(x!, op.reshape(op.cast(cut, 'float32'), ['rows', 1]));
    },
  },
  { name: 'expand', covers: ['Expand'], shapes: [[3, 1]], build: ([x]) => op.expand(x!, [2, 3, 4]) },
  { name: 'transpose', covers: ['Transpose'], shapes: [[2, 3, 4]], build: ([x]) => op.transpose(x!, [2, 0, 1]) },
  {
    name: 'split',
    covers: ['Split', 'Concat'],
    shapes: [[6]],
    build: ([x]) => {
      const [a, b] = op.split(x!, [2, 3, 1]);
      return op.mul(b!, op.reduceSum(a!, [0]));
    },
  },
  {
    name: 'concat',
    covers: ['Concat', 'Split'],
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: ([x, y]) => op.concat([x!, y!, x!], 1),
  },
  { name: 'softmax', covers: ['Softmax'], shapes: [[2, 3, 5]], build: ([x]) => op.softmax(x!) },
  { name: 'log softmax', covers: ['LogSoftmax', 'Exp'], shapes: [[3, 5]], build: ([x]) => op.logSoftmax(x!) },
  {
    name: 'rms norm',
    covers: ['SimplifiedLayerNormalization'],
    shapes: [[3, 5], [5]],
    build: ([x, w]) => op.rmsNorm(x!, w!, 1e-6),
  },
  {
    name: 'rms norm of a constant weight',
    covers: ['SimplifiedLayerNormalization'],
    shapes: [[3, 4]],
    build: ([x], _, graph) => op.rmsNorm(x!, graph.floats([1, 2, 0.5, -1]), 1e-6),
  },
  {
    name: 'inverse of the rms norm alone',
    covers: ['SimplifiedLayerNormalization'],
    shapes: [[3, 5], [5]],
    build: ([x, w]) => op.rmsNorm(x!, w!, 1e-6).node!.outputs[1]!,
  },
  {
    name: 'layer norm',
    covers: ['LayerNormalization'],
    shapes: [[3, 5], [5], [5]],
    build: ([x, w, b]) => op.layerNorm(x!, w!, b!, 1e-5),
  },
  {
    name: 'layer norm without bias',
    covers: ['LayerNormalization'],
    shapes: [[3, 5], [5]],
    build: ([x, w]) => op.layerNorm(x!, w!, undefined, 1e-12),
  },
  {
    name: 'layer norm of constant weight and bias',
    covers: ['LayerNormalization'],
    shapes: [[3, 4]],
    build: ([x], _, graph) => op.layerNorm(x!, graph.floats([1, 2, 0.5, -1]), graph.floats([0.5, -0.5, 1, 0]), 1e-5),
  },
  ...[1, 2].map(
    (output): OpCase => ({
      name: `${output === 1 ? 'mean' : 'inverse deviation'} of the layer norm alone`,
      covers: ['LayerNormalization'],
      shapes: [[3, 5], [5]],
      build: ([x, w]) => op.layerNorm(x!, w!, undefined, 1e-5).node!.outputs[output]!,
    }),
  ),
  {
    name: 'gather, a row twice',
    covers: ['Gather', 'ScatterND', 'Cast'],
    shapes: [[4, 3]],
    indices: [{ shape: [5], values: [1, 3, 1, 0, 1] }],
    build: ([x], [i]) => op.gather(x!, i!),
  },
  {
    name: 'gather elements',
    covers: ['GatherElements', 'ScatterElements'],
    shapes: [[3, 4]],
    indices: [{ shape: [3, 1], values: [2, 0, 3] }],
    build: ([x], [i]) => op.gatherElements(x!, i!),
  },
];

export const opCases: readonly OpCase[] = [...elementwise, ...matrix, ...shaped];
