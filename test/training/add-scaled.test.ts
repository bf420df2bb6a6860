import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addScaled } from '../../src/core/arrays.ts';

test('a scaled term is added in place, and is itself left alone', () => {
  const sum = Float64Array.of(1, -2, 0);
  const term = Float32Array.of(4, 0.5, -1);
  addScaled(sum, term, -0.5);
  assert.deepEqual(sum, Float64Array.of(-1, -2.25, 0.5));
  assert.deepEqual(term, Float32Array.of(4, 0.5, -1));
});

test('a float32 sum is rounded once, after product and sum in float64', () => {
  const sum = Float32Array.of(1);
  addScaled(sum, Float32Array.of(0.1), 1e-7);
  assert.equal(sum[0], Math.fround(1 + 1e-7 * Math.fround(0.1)));
  const cancelled = Float32Array.of(-0.3);
  addScaled(cancelled, Float32Array.of(0.1), 3);
  assert.equal(cancelled[0], Math.fround(Math.fround(-0.3) + 3 * Math.fround(0.1)));
  assert.notEqual(cancelled[0], Math.fround(Math.fround(-0.3) + Math.fround(3 * Math.fround(0.1))));
});
