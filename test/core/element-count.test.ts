import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount } from '../../src/core/arrays.ts';

test('a tensor has as many elements as the product of its extents, a scalar one', () => {
  assert.equal(elementCount([3, 4, 5]), 60);
  assert.equal(elementCount([7, 0]), 0);
  assert.equal(elementCount([]), 1);
  assert.equal(elementCount([65536, 65536]), 2 ** 32);
});
