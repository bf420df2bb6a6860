import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { readJson, readTextFile } from '../../src/files/text-files.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-json-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'a.json');

test('reads JSON, with or without a byte order mark', async () => {
  await writeFile(path, '{"a": [1, "é"]}');
  assert.deepEqual(await readJson(path), { a: [1, 'é'] });
  await writeFile(path, '\uFEFF{"a": 1}');
  assert.deepEqual(await readJson(path), { a: 1 });
});

test('a file cut off is an InputError that names it', async () => {
  await writeFile(path, '{"a": [1, ');
  await assert.rejects(readJson(path), (error: Error) => {
    return error instanceof InputError && error.message.startsWith(`${path}: not valid JSON`) && error.where === path;
  });
});

test('text that is not UTF-8 is an InputError with its line', async () => {
  await writeFile(path, Buffer.from('{\n"a": "é"}', 'latin1'));
  await assert.rejects(readJson(path), { name: 'InputError', message: `${path}:2: this line is not UTF-8` });
});

test('a missing file and a folder are InputErrors', async () => {
  await assert.rejects(readTextFile(join(folder, 'none')), (error: Error) => {
    return error instanceof InputError && /none: no such file/.test(error.message);
  });
  await assert.rejects(readTextFile(join(path, 'below')), (error: Error) => {
    return error instanceof InputError && /is a file, not a folder/.test(error.message);
  });
  await assert.rejects(readTextFile('a\0'), (error: Error) => error instanceof InputError && /NUL/.test(error.message));
  await assert.rejects(readTextFile(folder), (error: Error) => {
    return error instanceof InputError && /folder, not a file/.test(error.message);
  });
});
