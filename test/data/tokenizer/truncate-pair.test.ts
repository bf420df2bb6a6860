import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { truncatePair, truncationStrategies } from '../../../src/data/tokenizer/truncation.ts';

const pair = (first: number, second: number) => ({
  first: Array.from({ length: first }, (_, i) => i),
  second: Array.from({ length: second }, (_, i) => 100 + i),
});
const lengths = (first: number, second: number, room: number, strategy: (typeof truncationStrategies)[number]) => {
  const kept = truncatePair(pair(first, second), room, strategy);
  return [kept.first.length, kept.second!.length];
};

test('a pair that has room stays whole', () => {
  for (const strategy of truncationStrategies) {
    assert.deepEqual(truncatePair(pair(3, 4), 7, strategy), { ...pair(3, 4), cut: { first: 0, second: 0 } });
  }
});

test('longest first: a short part stays whole, two long ones share the room', () => {
  assert.deepEqual(lengths(200, 10, 50, 'longest_first'), [40, 10]);
  assert.deepEqual(lengths(10, 200, 50, 'longest_first'), [10, 40]);
  assert.deepEqual(lengths(100, 200, 51, 'longest_first'), [25, 26]);
  assert.deepEqual(lengths(200, 100, 51, 'longest_first'), [26, 25]);
  assert.deepEqual(lengths(5, 5, 1, 'longest_first'), [0, 1]);
  assert.deepEqual(lengths(5, 5, 0, 'longest_first'), [0, 0]);
});

test('ends are cut, and it is said how much', () => {
  assert.deepEqual(truncatePair(pair(4, 2), 4, 'longest_first'), {
    first: [0, 1],
    second: [100, 101],
    cut: { first: 2, second: 0 },
  });
  assert.deepEqual(truncatePair({ first: [1, 2, 3] }, 2, 'longest_first'), {
    first: [1, 2],
    cut: { first: 1, second: 0 },
  });
});

test('one part alone can be cut, and not away', () => {
  assert.deepEqual(lengths(30, 10, 20, 'only_first'), [10, 10]);
  assert.deepEqual(lengths(10, 30, 20, 'only_second'), [10, 10]);
  for (const strategy of ['only_first', 'only_second'] as const) {
    assert.throws(
      () => lengths(20, 20, 20, strategy),
      (error: InputError) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /20 \+ 20 ids are to become 20/);
        return /longest_first/.test(error.remedy!);
      },
    );
  }
});
