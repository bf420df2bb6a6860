import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { sample, splitHalves } from '../../src/library/split.ts';

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

test('a sample is of the wanted size, without repetition, the same for the same seed', () => {
  const many = Array.from({ length: 100 }, (_, number) => ({ number, group: undefined }));
  const drawn = sample(many, 10, 3, 'stream');
  assert.equal(new Set(drawn).size, 10);
  assert.deepEqual(sample(many, 10, 3, 'stream'), drawn);
  assert.equal(sample(many, 100, 3, 'stream'), many);
  assert.equal(sample(many, undefined, 3, 'stream'), many);
});

test('a sample has whole groups, unless even the smallest is too large', () => {
  const many = Array.from({ length: 100 }, (_, number) => ({ number, group: String(number % 25) }));
  const drawn = sample(many, 10, 3, 'stream');
  assert.equal(drawn.length, 8);
  assert.equal(new Set(drawn.map(({ group }) => group)).size, 2);
  assert.equal(sample(many, 3, 3, 'stream').length, 3);
});
