import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as op from '../../src/graph/ops/index.ts';
import { neededNodes } from '../../src/graph/schedule.ts';
import type { Value } from '../../src/graph/types.ts';
import { createSession, type Feeds } from '../../src/runtime/session.ts';
import { fillNormal } from '../../src/training/random.ts';
import { type OpCase, opCases } from './cases.ts';
import { evaluate, sizeOf, type Tensor, tensor } from './reference.ts';

interface Built {
  readonly graph: Graph;
  readonly inputs: readonly Value[];
  readonly loss: Value;
  readonly first: readonly Value[];
  readonly second: readonly Value[];
}

/** A scalar that weighs the columns differently and is curved, so that no derivative vanishes by symmetry. */
function curvedSum(value: Value, graph: Graph): Value {
  const rows = value.shape.length === 0 ? op.reshape(value, [1]) : value;
  const weights = graph.floats(
    Float32Array.from({ length: rows.shape.at(-1) as number }, (_, i) => 0.3 + ((i * 7) % 5) / 4),
  );
  const curved = op.mul(weights, op.mul(rows, op.add(rows, graph.scalar(0.5))));
  return op.reduceSum(curved, [...rows.shape.keys()], false);
}

function buildCase(test: OpCase): Built {
  const graph = new Graph();
  const inputs = test.shapes.map((shape, i) => graph.input(`x${i}`, 'float32', test.declared?.[i] ?? shape));
  const indices = (test.indices ?? []).map(({ shape }, i) => graph.input(`i${i}`, 'int32', shape));
  const output = graph.output('output', test.build(inputs, indices, graph));
  const loss = graph.output('loss', curvedSum(output, graph));
  const first = gradients(loss, inputs).map((gradient, i) => graph.output(`first${i}`, gradient));
  const slope = first.map(gradient => curvedSum(gradient, graph)).reduce((a, b) => op.add(a, b));
  const second = gradients(slope, inputs).map((gradient, i) => graph.output(`second${i}`, gradient));
  graph.output('slope', slope);
  return { graph, inputs, loss, first, second };
}

/** Values away from the kinks of relu. */
function feedsOf(test: OpCase): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [i, shape] of test.shapes.entries()) {
    const data = fillNormal(new Float32Array(sizeOf(shape)), i, `case ${test.name}`);
    feeds[`x${i}`] = tensor(
      shape,
      data.map(value => value + 0.05 * Math.sign(value)),
    );
  }
  for (const [i, { shape, values }] of (test.indices ?? []).entries()) feeds[`i${i}`] = tensor(shape, values);
  return feeds;
}

function toRuntime(graph: Graph, feeds: Record<string, Tensor>): Feeds {
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype }) => {
      const { shape, data } = feeds[name]!;
      if (dtype === 'int32') return [name, { type: 'int32', data: Int32Array.from(data), dims: shape }];
      return [name, { type: 'float32', data: Float32Array.from(data), dims: shape }];
    }),
  );
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(Number(actual[i]) - expected[i]!);
    assert.ok(error <= tolerance * scale, `${what}[${i}]: ${actual[i]} against ${expected[i]}`);
  }
}

/** Central differences of the named output with respect to one input, in the float64 reference. */
function centralDifferences(built: Built, output: Value, name: string, feeds: Record<string, Tensor>): Float64Array {
  const step = 1e-5;
  const { shape, data } = feeds[name]!;
  return data.map((_, index) => {
    const at = (offset: number): number => {
      const moved = { ...feeds, [name]: tensor(shape, data.with(index, data[index]! + offset)) };
      return evaluate(built.graph, moved).get(output)!.data[0]!;
    };
    return (at(step) - at(-step)) / (2 * step);
  });
}

for (const test of opCases) {
  describe(test.name, () => {
    const built = buildCase(test);
    const feeds = feedsOf(test);
    const reference = evaluate(built.graph, feeds);

    it('brings in the operations it is meant to cover', () => {
      const present = new Set(neededNodes(built.graph).map(node => node.op));
      for (const name of test.covers) assert.ok(present.has(name), `${name} is not in the graph`);
    });

    it('has the gradients of central differences, and they have theirs', () => {
      const slope = built.graph.outputs.find(({ name }) => name === 'slope')!;
      for (const [i, input] of built.inputs.entries()) {
        const first = centralDifferences(built, built.loss, input.name, feeds);
        assertClose(reference.get(built.first[i]!)!.data, first, 1e-7, `∂/∂${input.name}`);
        const second = centralDifferences(built, slope, input.name, feeds);
        assertClose(reference.get(built.second[i]!)!.data, second, 1e-6, `∂²/∂${input.name}`);
      }
    });

    it('runs in ONNX Runtime as in the reference', async () => {
      const session = await createSession(built.graph, { threads: 1 });
      const outputs = await session.run(toRuntime(built.graph, feeds));
      for (const output of built.graph.outputs) {
        const { shape, data } = reference.get(output)!;
        assert.deepEqual([...outputs[output.name]!.dims], shape, `${output.name}: shape`);
        assertClose(outputs[output.name]!.data as Float32Array, data, 1e-5, output.name);
      }
      await session.release();
    });
  });
}

describe('the set of operations', () => {
  it('is closed: what is written to a model is one of these', () => {
    assert.deepEqual(Object.keys(op.ops).sort(), [
      'Add',
      'ArgMax',
      'Cast',
      'Ceil',
      'Clip',
      'Concat',
      'Exp',
      'Expand',
      'FusedMatMul',
      'Gather',
      'GatherElements',
      'Gelu',
      'Gemm',
      'Identity',
      'Log',
      'LogSoftmax',
      'MatMul',
      'Mul',
      'Neg',
      'Range',
      'ReduceMax',
      'ReduceSum',
      'Relu',
      'Reshape',
      'ScatterElements',
      'ScatterND',
      'Shape',
      'SimplifiedLayerNormalization',
      'Softmax',
      'Split',
      'Sub',
      'Tanh',
      'Transpose',
    ]);
  });

  it('is covered by the cases above, but for what has no gradient of its own', () => {
    const covered = new Set(opCases.flatMap(({ covers }) => covers));
    const missing = Object.keys(op.ops).filter(name => !covered.has(name as op.OpType));
    assert.deepEqual(missing, ['ArgMax']);
  });
});
