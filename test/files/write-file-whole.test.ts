import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { StorageError } from '../../src/core/errors.ts';
import { createFileWhole, removeUnfinished, writeFileWhole } from '../../src/files/write-whole.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-whole-'));
after(() => rm(folder, { recursive: true }));

test('writes text, bytes and chunks, and leaves nothing else behind', async () => {
  const path = join(folder, 'a.txt');
  await writeFileWhole(path, 'first');
  assert.equal(await readFile(path, 'utf8'), 'first');
  await writeFileWhole(path, new Uint8Array([104, 105]));
  assert.equal(await readFile(path, 'utf8'), 'hi');
  await writeFileWhole(path, [new Uint8Array([104, 105]), new Uint8Array([33])]);
  assert.equal(await readFile(path, 'utf8'), 'hi!');
  assert.deepEqual(await readdir(folder), ['a.txt']);
});

test('a failing write keeps the former content and removes the temporary file', async () => {
  const path = join(folder, 'a.txt');
  await writeFile(path, 'kept');
  const notBytes = [new Uint8Array([1]), 42 as unknown as Uint8Array];
  await assert.rejects(writeFileWhole(path, notBytes), TypeError);
  assert.equal(await readFile(path, 'utf8'), 'kept');
  assert.deepEqual(await readdir(folder), ['a.txt']);
});

test('a folder that is not there is an error, and none is made', async () => {
  const path = join(folder, 'none', 'a.txt');
  await assert.rejects(writeFileWhole(path, 'x'), (error: Error) => {
    return error instanceof StorageError && error.where === path && (error.cause as { code: string }).code === 'ENOENT';
  });
  assert.deepEqual(await readdir(folder), ['a.txt']);
});

test('writers of the same file at the same time do not mix', async () => {
  const path = join(folder, 'a.txt');
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(contents.map(content => writeFileWhole(path, content)));
  assert.ok(contents.includes(await readFile(path, 'utf8')));
  assert.deepEqual(await readdir(folder), ['a.txt']);
});

test('what a killed writer has left is removed, and nothing else', async () => {
  const place = await mkdtemp(join(folder, 'killed-'));
  const mine = ['a.txt', '.a.txt', '.notes.tmp', 'a.123e4567-e89b-12d3-a456-426614174000.tmp'];
  for (const name of [...mine, '.a.txt.123e4567-e89b-12d3-a456-426614174000.tmp'])
    await writeFile(join(place, name), '');
  await removeUnfinished(place);
  assert.deepEqual((await readdir(place)).sort(), mine.sort());
});

test('a file is created where none is, and only there', async () => {
  const path = join(folder, 'new.txt');
  assert.equal(await createFileWhole(path, 'first'), true);
  assert.equal(await createFileWhole(path, 'second'), false);
  assert.equal(await readFile(path, 'utf8'), 'first');
  await assert.rejects(createFileWhole(join(folder, 'none', 'a.txt'), 'x'), StorageError);
});

test('of many that create the same file at once, one does', async () => {
  const path = join(folder, 'race.txt');
  const created = await Promise.all(Array.from({ length: 8 }, (_, i) => createFileWhole(path, String(i))));
  assert.equal(created.filter(Boolean).length, 1);
  assert.equal(await readFile(path, 'utf8'), String(created.indexOf(true)));
  assert.ok((await readdir(folder)).every(name => !name.endsWith('.tmp')));
});
