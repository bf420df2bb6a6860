import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { paddedBatch } from '../../bench/batch.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { gemm, matmul, mul, reduceSum, reshape } from '../../src/graph/ops/ops.ts';
import { productFlops } from '../../src/runtime/program-graphs.ts';

describe('operations of matrix products', () => {
  it('are two a multiplication of every product, with named extents filled in', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch*source', 3]);
    const w = graph.input('w', 'float32', [5, 3]);
    graph.output('y', gemm(x, w, { transB: true }));
    assert.equal(productFlops(graph, { batch: 2, source: 7 }), 2 * (2 * 7) * 3 * 5);
  });

  it('take transpositions and batches of products into account, and leave out what no output needs', () => {
    const graph = new Graph();
    const a = graph.input('a', 'float32', ['batch', 4, 6, 3]);
    const b = graph.input('b', 'float32', ['batch', 4, 6, 5]);
    graph.output('y', matmul(a, b, { transA: true }));
    matmul(a, a, { transB: true });
    assert.equal(productFlops(graph, { batch: 2 }), 2 * 2 * 4 * (3 * 6 * 5));
  });

  it('hold a backward pass: a frozen weight costs one product more, a trained one two', () => {
    const count = (trained: readonly ('x' | 'w')[]) => {
      const graph = new Graph();
      const inputs = { x: graph.input('x', 'float32', [8, 3]), w: graph.input('w', 'float32', [3, 5]) };
      const y = gemm(inputs.x, inputs.w);
      const loss = reduceSum(reshape(mul(y, y), [40]), [0], false);
      for (const [i, gradient] of gradients(
        loss,
        trained.map(name => inputs[name]),
      ).entries())
        graph.output(`g${i}`, gradient);
      return productFlops(graph, {}) / (2 * 8 * 3 * 5);
    };
    assert.equal(count(['x']), 2);
    assert.equal(count(['x', 'w']), 3);
  });
});

describe('the bench’s batch', () => {
  it('is full: every row as long as asked, ended, within T5’s vocabulary', () => {
    const batch = paddedBatch(3, 16, 4);
    assert.equal(batch.length, 3);
    for (const { input, output } of batch) {
      const [source, target] = [input.ids, 'ids' in output ? output.ids : []];
      assert.deepEqual([source.length, target.length, source.at(-1), target.at(-1)], [16, 4, 1, 1]);
      assert.ok([...source, ...target].every(id => id >= 1 && id < 32100));
    }
    assert.notDeepEqual(batch[0]!.input, batch[1]!.input);
  });
});
