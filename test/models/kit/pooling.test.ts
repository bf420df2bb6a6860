import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reshape } from '../../../src/graph/ops/ops.ts';
import { type Pooling, pool, poolingWeights } from '../../../src/models/kit/text-classifier.ts';
import { assertWitnessed } from '../../graph/witnessed.ts';

/** The fixture's: padding on the right, on the left, and none. */
const mask = [
  [1, 1, 1, 0, 0],
  [0, 0, 1, 1, 1],
  [1, 1, 1, 1, 1],
];
const poolings: readonly Pooling[] = ['first', 'last', 'mean'];

describe('pooling', () => {
  for (const pooling of poolings) {
    it(`is PyTorch's, with first and second derivatives: ${pooling}`, () =>
      assertWitnessed(pooling, ([states], graph) =>
        pool(reshape(states!, [15, 4]), graph.floats(poolingWeights(pooling, mask), [3, 5])),
      ));

    it(`weighs no padding, and a text of nothing else by zeros: ${pooling}`, () => {
      const weights = poolingWeights(pooling, [...mask, [0, 0, 0, 0, 0]]);
      const row = (text: number) => weights.subarray(5 * text, 5 * text + 5);
      for (const [text, tokens] of mask.entries()) {
        assert.ok(row(text).every((weight, i) => tokens[i] === 1 || weight === 0));
        assert.ok(Math.abs(row(text).reduce((a, b) => a + b) - 1) < 1e-6);
      }
      assert.deepEqual([...row(3)], [0, 0, 0, 0, 0]);
    });
  }
});
