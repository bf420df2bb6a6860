import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBytes } from '../../src/config/parse-settings.ts';
import { InputError } from '../../src/core/errors.ts';

test('amounts of memory are read in powers of 1000 and of 1024', () => {
  assert.equal(parseBytes('4GB', '--memory'), 4e9);
  assert.equal(parseBytes('3.5 GiB', '--memory'), 3.5 * 2 ** 30);
  assert.equal(parseBytes('900mb', '--memory'), 9e8);
});

test('what is no amount of memory is refused, with what to write', () => {
  for (const text of ['', '4', 'GB', 'much', '0GB', '-1GB', '4 KB', '4GB more']) {
    assert.throws(
      () => parseBytes(text, '--memory'),
      (error: unknown) => error instanceof InputError && /4GB/.test(error.remedy!) && error.where === '--memory',
      text,
    );
  }
});
