import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { checkFinite, countSteps } from '../../src/training/steps.ts';

test('steps are those of the epochs, or fewer where a limit says so', () => {
  assert.equal(countSteps(7, 3), 21);
  assert.equal(countSteps(7, 3, 20), 20);
  assert.equal(countSteps(7, 3, 22), 21);
  assert.equal(countSteps(7, 0.5), 4);
});

test('a run without steps is an InputError', () => {
  for (const [epochs, limit] of [[0], [-1], [Number.NaN], [3, 0]] as const) {
    assert.throws(() => countSteps(7, epochs, limit), InputError);
  }
});

test('what is not finite is refused, with the step counted from 1', () => {
  checkFinite(-1e300, 0);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => checkFinite(value, 4), /not finite at step 5/);
  }
});
