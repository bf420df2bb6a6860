import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Graph } from '../../../src/graph/graph.ts';
import { add, softmax } from '../../../src/graph/ops/ops.ts';
import { neededNodes } from '../../../src/graph/schedule.ts';
import { attend, scoresOf } from '../../../src/models/kit/attention.ts';
import { assertWitnessed } from '../../graph/witnessed.ts';

const inputs = (heads: number, keyHeads: number) => {
  const graph = new Graph();
  const queries = graph.input('q', 'float32', ['batch', heads, 'target', 8]);
  const keys = graph.input('k', 'float32', ['batch', keyHeads, 'source', 8]);
  return { graph, queries, keys };
};

describe('grouped attention', () => {
  it("is Hugging Face's with repeated keys and values, with first and second derivatives", () =>
    assertWitnessed('grouped attention', ([queries, keys, values], graph) => {
      const masked = Array.from({ length: 25 }, (_, i) => (i % 5 > Math.floor(i / 5) ? -1e9 : 0));
      const scores = add(scoresOf(queries!, keys!), graph.floats(masked, [1, 1, 5, 5]));
      return attend(softmax(scores), values!);
    }));

  it('repeats no key, and of as many heads is one product', () => {
    for (const [heads, operations] of [
      [8, ['FusedMatMul', 'Identity', 'Reshape']],
      [2, ['FusedMatMul', 'Identity']],
    ] as const) {
      const { graph, queries, keys } = inputs(heads, 2);
      graph.output('scores', scoresOf(queries, keys));
      const present = new Set(neededNodes(graph).map(({ op }) => op));
      for (const op of ['Shape', 'Concat'] as const) present.delete(op);
      assert.deepEqual([...present].sort(), operations);
    }
  });

  it('refuses heads that do not share evenly', () => {
    const { queries, keys } = inputs(6, 4);
    assert.throws(() => scoresOf(queries, keys), /6 heads do not share 4 evenly/);
  });
});
