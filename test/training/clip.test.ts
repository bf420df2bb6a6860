import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clipNorm, norm } from '../../src/core/arrays.ts';

test('a long gradient is scaled by maxNorm / (norm + 1e-6), as PyTorch does', () => {
  const gradient = Float64Array.of(3, 4);
  assert.equal(clipNorm(gradient, 2), 5);
  const factor = 2 / (5 + 1e-6);
  assert.deepEqual(gradient, Float64Array.of(3 * factor, 4 * factor));
});

test('a short gradient, and one without a limit, stays as it is', () => {
  for (const limit of [6, Number.POSITIVE_INFINITY]) {
    const gradient = Float32Array.of(3, -4);
    assert.equal(clipNorm(gradient, limit), 5);
    assert.deepEqual(gradient, Float32Array.of(3, -4));
  }
  const zero = new Float32Array(4);
  assert.equal(clipNorm(zero, 2), 0);
  assert.deepEqual(zero, new Float32Array(4));
});

test('after clipping no norm exceeds the limit and no direction has changed', () => {
  const vectors = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(vectors, fc.double({ min: 1e-3, max: 100, noNaN: true }), (values, limit) => {
      const gradient = Float64Array.from(values);
      const before = clipNorm(gradient, limit);
      assert.ok(norm(gradient) <= limit * (1 + 1e-12));
      const dot = values.reduce((sum, value, i) => sum + value * gradient[i]!, 0);
      assert.ok(Math.abs(dot - before * norm(gradient)) <= 1e-9 * Math.max(1, before * before));
    }),
  );
});

test('the norm of a float32 vector is summed in float64', () => {
  assert.equal(norm(new Float32Array(1_000_000).fill(1)), 1000);
});

test('a gradient that is not a number gives a norm that is not one', () => {
  assert.ok(Number.isNaN(clipNorm(Float32Array.of(1, Number.NaN), 2)));
});
