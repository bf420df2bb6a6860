import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenlyChosen } from '../../src/core/arrays.ts';

test('so many of a list are chosen at even distances, and all where there are no more', () => {
  const list = Array.from({ length: 10 }, (_, i) => i);
  assert.deepEqual(evenlyChosen(list, 4), [0, 2, 5, 7]);
  assert.deepEqual(evenlyChosen(list, 1), [0]);
  assert.equal(evenlyChosen(list, 10), list);
  assert.equal(evenlyChosen(list), list);
});
