import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { axes, basePoint, spread } from '../../bench/cost/axes.ts';
import { straightLine } from '../../bench/cost/straight-line.ts';

describe('the cost of a loss with gradients', () => {
  it('is measured through the base point on every axis', () => {
    for (const [axis, values] of Object.entries(axes))
      assert.ok(values.includes(basePoint[axis as keyof typeof axes]), axis);
  });

  it('spreads modules evenly, the first always among them', () => {
    assert.deepEqual(spread([0, 1, 2, 3, 4, 5, 6, 7], 1 / 4), [0, 4]);
    const share = fc.constantFrom(1 / 16, 1 / 4, 1 / 2, 3 / 4, 1);
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), share, (items, share) => {
        const kept = spread(items, share);
        assert.equal(kept[0], items[0]);
        assert.ok(Math.abs(kept.length - share * items.length) <= 1);
      }),
    );
  });

  it('finds a straight line, and how far values are from it', () => {
    const line = straightLine([1, 2, 5].map(x => ({ x, y: 3 + 2 * x })));
    for (const [found, expected] of [
      [line.intercept, 3],
      [line.slope, 2],
      [line.deviation, 0],
    ] as const)
      assert.ok(Math.abs(found - expected) < 1e-9);
    const bent = straightLine([1, 2, 3].map(x => ({ x, y: x ** 2 })));
    assert.ok(bent.deviation > 0.1);
  });
});
