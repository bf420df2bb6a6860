import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError, StorageError } from '../../src/core/errors.ts';
import { asReadError, asStorageError } from '../../src/files/file-errors.ts';

const system = (code: string) => Object.assign(new Error(code), { code, errno: -1, syscall: 'open' });

test('what the system refuses to write is told in words, an unknown refusal by its code', () => {
  const full = asStorageError('a.json', system('ENOSPC')) as StorageError;
  assert.ok(full instanceof StorageError);
  assert.deepEqual([full.message, full.where, full.code], ['a.json: the disk is full', 'a.json', 'ENOSPC']);
  const other = asStorageError('a.json', system('EXDEV')) as StorageError;
  assert.match(other.message, /a\.json: it cannot be written \(EXDEV\)/);
});

test('what cannot be read is an InputError in words', () => {
  const missing = asReadError('a.json', system('ENOENT')) as InputError;
  assert.ok(missing instanceof InputError);
  assert.deepEqual([missing.message, missing.where], ['a.json: no such file', 'a.json']);
});

test('any other error stays what it is', () => {
  for (const error of [new TypeError('bug'), new InputError('wrong', { code: 'unknown-value' }), 'text', undefined]) {
    assert.equal(asStorageError('a.json', error), error);
    assert.equal(asReadError('a.json', error), error);
  }
  const strange = system('constructor');
  assert.equal(asReadError('a.json', strange), strange);
});
