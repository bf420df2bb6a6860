import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/core/errors.ts';
import { makeFolder } from '../../src/files/folders.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-folder-'));
const isStorageError = (error: Error) => error instanceof StorageError;

test('makes what is missing and leaves what is there', async () => {
  const path = join(base, 'a', 'b', 'c');
  await makeFolder(path);
  assert.ok(statSync(path).isDirectory());
  await makeFolder(path);
  await makeFolder(relative(process.cwd(), join(base, 'a', 'd')));
  assert.ok(statSync(join(base, 'a', 'd')).isDirectory());
});

test('two that make the same folder do not mind each other', async () => {
  const path = join(base, 'together', 'x', 'y');
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
  assert.ok(statSync(path).isDirectory());
});

test('below a file nothing can be made', async () => {
  const file = join(base, 'file');
  writeFileSync(file, '');
  await assert.rejects(makeFolder(file), isStorageError);
  await assert.rejects(makeFolder(join(file, 'a', 'b')), isStorageError);
});

const skip = !existsSync('/proc/self') && 'this system has no /proc';
test('a folder that takes no folders is an error, not a wait for ever', { skip, timeout: 5000 }, async () => {
  await assert.rejects(makeFolder('/proc/s3delta/run'), isStorageError);
});
