import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atPlace, InputError, StorageError } from '../../src/core/errors.ts';

test('an InputError begins with its place', () => {
  assert.equal(new InputError('broken', { code: 'invalid-yaml', where: 'a.yaml:3' }).message, 'a.yaml:3: broken');
  assert.equal(new InputError('broken', { code: 'invalid-yaml' }).message, 'broken');
});

test('a place is given to the InputErrors of some work, and to nothing else', () => {
  const wrong = () => {
    throw new InputError('broken', { code: 'damaged-file', remedy: 'mend it' });
  };
  assert.equal(
    atPlace('a.json', () => 5),
    5,
  );
  assert.throws(
    () => atPlace('a.json', wrong),
    (error: InputError) =>
      error.where === 'a.json' &&
      error.message === 'a.json: broken' &&
      error.remedy === 'mend it' &&
      error.code === 'damaged-file',
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

test('what a message quotes is bounded, and steers no terminal; the place stays as it is for programs', () => {
  const outside = `\u001b[2J${'x'.repeat(29_000)}\u009b`;
  const errors = [
    new InputError(outside, { code: 'damaged-file', where: 'a\u0007', remedy: outside }),
    new StorageError(outside, { where: 'a\u0007', remedy: outside, code: 'EIO' }),
  ];
  for (const { message, what, remedy, where } of errors) {
    assert.equal(where, 'a\u0007');
    assert.match(message, /^a\\u0007: \\u001b\[2Jxxx/);
    for (const text of [message, what, remedy!]) {
      assert.ok(text.length < 2200, `${text.length}`);
      assert.doesNotMatch(text, /\p{Cc}/u);
    }
  }
  assert.equal(errors[0]!.what, new InputError(outside, { code: 'damaged-file' }).message);
});
