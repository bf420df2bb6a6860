import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/core/errors.ts';
import { writeFolderWhole } from '../../src/files/write-whole.ts';

const base = () => mkdtempSync(join(tmpdir(), 's3delta-folder-'));

test('the folder is there with its files, those above it are made, and what was there is replaced', async () => {
  const folder = join(base(), 'a', 'b');
  await writeFolderWhole(folder, async place => writeFileSync(join(place, 'one'), '1'));
  assert.deepEqual(readdirSync(folder), ['one']);
  await writeFolderWhole(folder, async place => {
    assert.deepEqual(readdirSync(folder), ['one']);
    writeFileSync(join(place, 'two'), '2');
  });
  assert.deepEqual(readdirSync(folder), ['two']);
  assert.deepEqual(readdirSync(join(folder, '..')), ['b']);
});

test('a failure leaves what was there, and nothing else', async () => {
  const parent = base();
  const folder = join(parent, 'out');
  mkdirSync(folder);
  writeFileSync(join(folder, 'old'), 'old');
  const failure = new Error('no more');
  await assert.rejects(
    writeFolderWhole(folder, async place => {
      writeFileSync(join(place, 'new'), 'new');
      throw failure;
    }),
    failure,
  );
  assert.deepEqual(readdirSync(parent), ['out']);
  assert.equal(readFileSync(join(folder, 'old'), 'utf8'), 'old');
});

test('what the system refuses is told as that', async () => {
  const file = join(base(), 'file');
  writeFileSync(file, '');
  await assert.rejects(
    writeFolderWhole(join(file, 'out'), async () => {}),
    StorageError,
  );
});

test('a process killed half-way leaves what was there whole, and its own files where nobody looks for them', async () => {
  const parent = base();
  const folder = join(parent, 'out');
  await writeFolderWhole(folder, async place => writeFileSync(join(place, 'old'), 'old'));
  const source = new URL('../../src/files/write-whole.ts', import.meta.url);
  const script = `
    import { writeFileSync } from 'node:fs';
    import { writeFolderWhole } from ${JSON.stringify(source)};
    await writeFolderWhole(${JSON.stringify(folder)}, place => {
      writeFileSync(place + '/new', 'new');
      process.stdout.write('written');
      return new Promise(() => setInterval(() => {}, 1000));
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.deepEqual(readdirSync(folder), ['old']);
  const others = readdirSync(parent).filter(name => name !== 'out');
  assert.equal(others.length, 1);
  assert.match(others[0]!, /^\.out\..*\.tmp$/);
  await writeFolderWhole(folder, async place => writeFileSync(join(place, 'new'), 'new'));
  assert.deepEqual(readdirSync(folder), ['new']);
});
