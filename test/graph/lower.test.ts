import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Graph } from '../../src/graph/graph.ts';
import { lower } from '../../src/graph/lower.ts';
import { webgpuLowerings } from '../../src/graph/lowerings/webgpu.ts';
import * as op from '../../src/graph/ops/ops.ts';
import { neededNodes } from '../../src/graph/schedule.ts';
import { buildCase, feedsOf } from './built-case.ts';
import { opCases } from './cases.ts';
import { evaluate, type Tensor, tensor } from './reference.ts';

/** Outputs of a graph by name. */
function outputsOf(graph: Graph, feeds: Record<string, Tensor>): Record<string, Tensor> {
  const values = evaluate(graph, feeds);
  return Object.fromEntries(graph.outputs.map(output => [output.name, values.get(output)!]));
}

function assertSame(lowered: Graph, graph: Graph, feeds: Record<string, Tensor>): void {
  const expected = outputsOf(graph, feeds);
  const actual = outputsOf(lowered, feeds);
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    assert.deepEqual(actual[name]!.shape, shape, name);
    // A constant that a lowering brings in is a float32.
    for (const [i, value] of data.entries()) {
      assert.ok(Math.abs(actual[name]!.data[i]! - value) <= 1e-6 * Math.max(1, Math.abs(value)), `${name}[${i}]`);
    }
  }
}

const opsOf = (graph: Graph): Set<string> => new Set(neededNodes(graph).map(node => node.op));

describe('a lowered graph', () => {
  for (const test of opCases) {
    it(`computes the same: ${test.name}`, () => {
      const { graph } = buildCase(test);
      const before = graph.nodes.length;
      const lowered = lower(graph, webgpuLowerings);
      assertSame(lowered, graph, feedsOf(test));
      assert.equal(graph.nodes.length, before, 'the given graph is not changed');
      for (const missing of ['FusedMatMul', 'LogSoftmax']) assert.ok(!opsOf(lowered).has(missing), missing);
      for (const { op, outputs } of neededNodes(lowered)) {
        const isUsed = neededNodes(lowered).some(({ inputs }) => inputs.includes(outputs[1]));
        assert.ok(op !== 'SimplifiedLayerNormalization' || !isUsed, 'the second output of a norm');
      }
    });
  }

  it('has the inputs, the outputs and the external weights of the given one', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 4]);
    const location = { location: '/weights', offset: 16, length: 64 };
    graph.output('y', op.gemm(x, graph.external('w', 'float32', [4, 4], location)));
    const lowered = lower(graph, webgpuLowerings);
    assert.deepEqual(
      lowered.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      [{ name: 'x', dtype: 'float32', shape: ['rows', 4] }],
    );
    assert.deepEqual(
      lowered.outputs.map(({ name, shape }) => ({ name, shape })),
      [{ name: 'y', shape: ['rows', 4] }],
    );
    const [weight] = lowered.constants;
    assert.equal(weight!.name, 'w');
    assert.deepEqual(weight!.constant, { external: location });
  });

  it('computes twice what the given one computes twice', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3]);
    const first = op.tanh(x);
    const second = graph.copy(first.node!, first.node!.inputs)[0]!;
    graph.output('y', op.mul(first, second));
    const twice = neededNodes(lower(graph, webgpuLowerings)).filter(node => node.op === 'Tanh');
    assert.equal(twice.length, 2);
  });

  it('transposes a transposition once', () => {
    const graph = new Graph();
    const [q, k] = ['q', 'k'].map(name => graph.input(name, 'float32', [2, 5, 3, 4]));
    const heads = (x: typeof q) => op.transpose(x!, [0, 2, 1, 3]);
    graph.output('scores', op.matmul(heads(q), heads(k), { transB: true }));
    const transpositions = neededNodes(lower(graph, webgpuLowerings)).filter(node => node.op === 'Transpose');
    assert.deepEqual(
      transpositions.map(({ attributes }) => attributes.perm),
      [
        [0, 2, 1, 3],
        [0, 2, 3, 1],
      ],
    );
  });

  it('gives no kernel more than eight tensors, however many pieces there are', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(sizes, fc.constantFrom(0, 1), (lengths, axis) => {
        const total = lengths.reduce((a, b) => a + b);
        const shape = axis === 0 ? [total, 2] : [2, total];
        const graph = new Graph();
        const x = graph.input('x', 'float32', shape);
        const pieces = op.split(x, lengths, axis);
        graph.output(
          'y',
          op.concat(
            pieces.toReversed().map(piece => op.scale(piece, 2)),
            axis,
          ),
        );
        const lowered = lower(graph, webgpuLowerings);
        const data = Float64Array.from({ length: 2 * total }, (_, i) => i);
        assertSame(lowered, graph, { x: tensor(shape, data) });
        for (const node of neededNodes(lowered)) {
          const tensors = node.op === 'Split' ? 1 + node.outputs.length : node.inputs.length + 1;
          assert.ok(tensors <= 8, `${node.op} of ${tensors} tensors`);
        }
      }),
      { numRuns: 60 },
    );
  });
});
