import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { errorCodes } from '../../src/core/error-codes.ts';
import { errorsPage } from '../../tools/errors.ts';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.endsWith('error-codes.ts'))
  .map(name => readFileSync(join(source, name), 'utf8'))
  .join('\n');

test('docs/errors.md is what tools/errors.ts makes of the list', () => {
  assert.equal(
    readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8'),
    errorsPage(),
    'run: node tools/errors.ts',
  );
});

test('every code is thrown somewhere', () => {
  const unused = Object.keys(errorCodes).filter(code => !text.includes(`'${code}'`));
  assert.deepEqual(unused, []);
});

test('a code is a name that scripts can write, with a meaning and a remedy', () => {
  for (const [code, [meaning, remedy]] of Object.entries(errorCodes)) {
    assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(meaning.length > 10 && remedy.length > 5, code);
  }
});
