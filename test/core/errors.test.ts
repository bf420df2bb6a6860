import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atPlace, InputError } from '../../src/core/errors.ts';

test('an InputError begins with its place', () => {
  assert.equal(new InputError('broken', { where: 'a.yaml:3' }).message, 'a.yaml:3: broken');
  assert.equal(new InputError('broken').message, 'broken');
});

test('a place is given to the InputErrors of some work, and to nothing else', () => {
  const wrong = () => {
    throw new InputError('broken', { remedy: 'mend it' });
  };
  assert.equal(
    atPlace('a.json', () => 5),
    5,
  );
  assert.throws(
    () => atPlace('a.json', wrong),
    (error: InputError) => error.where === 'a.json' && error.message === 'a.json: broken' && error.remedy === 'mend it',
  );
  assert.throws(
    () => atPlace(undefined, wrong),
    (error: InputError) => error.where === undefined,
  );
  const bug = new TypeError('bug');
  assert.throws(
    () =>
      atPlace('a.json', () => {
        throw bug;
      }),
    error => error === bug,
  );
});
