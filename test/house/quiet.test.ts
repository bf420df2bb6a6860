import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.startsWith('cli'))
  .map(name => ({ name, text: readFileSync(join(source, name), 'utf8') }));

test('nothing outside the command line writes to the terminal, ends the process or reads its arguments', () => {
  const forbidden = /\bconsole\.|process\.(stdout|stderr|exit|argv|on)\b/;
  assert.ok(files.length > 100, `${files.length} files`);
  assert.deepEqual(
    files.filter(({ text }) => forbidden.test(text)).map(({ name }) => name),
    [],
  );
});

test('no module of the library holds a variable that changes', () => {
  assert.deepEqual(
    files.filter(({ text }) => /^(export )?(let|var) /m.test(text)).map(({ name }) => name),
    [],
  );
  // A constant that is filled later is one, too. The only one keeps two downloads of this process out of one file.
  const filled = /^(export )?const \w+(: [^=\n]+)? = (new (Map|Set|WeakMap|Array|\w+Array)\b[^;\n]*\(\)|\[\]);/m;
  assert.deepEqual(
    files.filter(({ text }) => filled.test(text)).map(({ name }) => name),
    ['hub/download.ts'],
  );
});

test('importing the library prints nothing and lets the process end', async () => {
  const code = `await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)})`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  assert.equal(stdout + stderr, '');
});
