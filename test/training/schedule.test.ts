import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linearDecay } from '../../src/training/steps.ts';

test('falls from the base in equal parts and would reach 0 after the last step', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map(step => linearDecay(0.8, step, 4)),
    [0.8, 0.8 * 0.75, 0.4, 0.2, 0, 0],
  );
});
