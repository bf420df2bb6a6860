import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchStability } from '../../../../src/search/choose-structure.ts';

/** Evaluations in a row after each of the structures. */
function countsOver(counts: readonly number[], structures: readonly (readonly boolean[])[]): number[] {
  const stability = watchStability(counts);
  return structures.map(kept => {
    stability.see(kept);
    return stability.evaluations();
  });
}

test('counts the evaluations that found the structure of the one before', () => {
  const [none, two, all] = [
    [false, false, false],
    [true, false, true],
    [true, true, true],
  ];
  assert.deepEqual(countsOver([1, 1, 1], [none!, none!, two!, two!, two!, all!]), [0, 1, 0, 1, 2, 0]);
});

test('takes structures for the same that share nine tenths of the larger one', () => {
  const [large, with9, with10, with11, instead] = [
    [true, false, false, false],
    [true, true, false, false],
    [true, false, true, false],
    [true, false, false, true],
    [false, true, true, true],
  ];
  const counts = [90, 9, 10, 11];
  assert.deepEqual(countsOver(counts, [large!, with9!, large!, with10!, large!]), [0, 1, 2, 3, 4]);
  assert.deepEqual(countsOver(counts, [large!, with11!, large!]), [0, 0, 0]);
  assert.deepEqual(countsOver(counts, [with9!, instead!]), [0, 0]);
});

test('is all in its arrays', () => {
  const [first, second] = [watchStability([1, 1]), watchStability([1, 1])];
  first.see([true, false]);
  first.see([true, false]);
  for (const [name, array] of Object.entries(first.arrays)) second.arrays[name]!.set(array);
  second.see([true, false]);
  assert.equal(second.evaluations(), 2);
});
