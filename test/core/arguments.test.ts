import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { checkArgument } from '../../src/core/checked-values.ts';
import { InputError } from '../../src/core/errors.ts';

const schema = z.looseObject({ seed: z.int({ error: 'a whole number' }) }, { error: '`{ seed }`' });
const refusal = (value: unknown) => {
  try {
    checkArgument('draw(options)', schema, value);
  } catch (error) {
    assert.ok(error instanceof InputError);
    return [error.where, error.what, error.remedy];
  }
  return undefined;
};

test('what is as it should be passes, with more than is asked for', () => {
  assert.equal(refusal({ seed: 1, more: true }), undefined);
});

test('what is wrong is told with its place, its value and what to give', () => {
  assert.deepEqual(refusal({ seed: 1.5 }), ['draw(options)', '1.5 is no value for `seed`', 'give a whole number']);
  assert.deepEqual(refusal({}), ['draw(options)', 'nothing is given for `seed`', 'give a whole number']);
  assert.deepEqual(refusal('films'), ['draw(options)', '"films" is no value', 'give `{ seed }`']);
  assert.deepEqual(refusal(undefined), ['draw(options)', 'nothing is given', 'give `{ seed }`']);
});
