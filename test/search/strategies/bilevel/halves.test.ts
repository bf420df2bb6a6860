import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../../src/core/errors.ts';
import { splitHalves } from '../../../../src/search/strategies/bilevel/step-orders.ts';

test('two halves hold every example once, and the seed decides which', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 0, max: 1000 }), (length, seed) => {
      const examples = Array.from({ length }, (_, index) => index);
      const { delta, alpha } = splitHalves(examples, seed);
      assert.equal(delta.length - alpha.length, length % 2);
      assert.deepEqual(
        [...delta, ...alpha].sort((a, b) => a - b),
        examples,
      );
      assert.deepEqual(splitHalves(examples, seed), { delta, alpha });
    }),
  );
  const many = Array.from({ length: 100 }, (_, index) => index);
  assert.notDeepEqual(splitHalves(many, 1), splitHalves(many, 2));
});

test('one example makes no two halves', () => {
  assert.throws(() => splitHalves([1], 0), InputError);
});
