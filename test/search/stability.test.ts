import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchStability } from '../../src/search/stability.ts';

test('counts the evaluations that found the structure of the one before', () => {
  const stability = watchStability(3);
  const counts = [
    [false, false, false],
    [false, false, false],
    [true, false, true],
    [true, false, true],
    [true, false, true],
    [true, true, true],
  ].map(kept => {
    stability.see(kept);
    return stability.evaluations();
  });
  assert.deepEqual(counts, [0, 1, 0, 1, 2, 0]);
});

test('is all in its arrays', () => {
  const [first, second] = [watchStability(2), watchStability(2)];
  first.see([true, false]);
  first.see([true, false]);
  for (const [name, array] of Object.entries(first.arrays)) second.arrays[name]!.set(array);
  second.see([true, false]);
  assert.equal(second.evaluations(), 2);
});
