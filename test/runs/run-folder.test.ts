import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import {
  createRunFolder,
  experimentFile,
  requireFreshFolder,
  requireRun,
  runFolder,
} from '../../src/runs/run-folder.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-runs-'));

test('a new folder and an empty one are free, and asking touches nothing', () => {
  const folder = runFolder(join(base, 'new'));
  requireFreshFolder(folder);
  assert.equal(existsSync(folder.path), false);
  mkdirSync(folder.path);
  requireFreshFolder(folder);
  writeFileSync(join(folder.path, 'notes.txt'), 'mine');
  requireFreshFolder(folder);
  assert.deepEqual(readdirSync(folder.path), ['notes.txt']);
});

test('any file of a run makes the folder taken', () => {
  for (const file of ['config', 'metrics', 'structure', 'delta', 'result'] as const) {
    const folder = runFolder(join(base, `taken-${file}`));
    mkdirSync(folder.path);
    writeFileSync(folder[file], '');
    assert.throws(
      () => requireFreshFolder(folder),
      (error: InputError) =>
        error instanceof InputError && error.where === folder.path && /--resume/.test(error.remedy!),
    );
  }
});

test('a path that is a file, or lies below one, is refused by the name of that file', () => {
  const path = join(base, 'file');
  writeFileSync(path, '');
  for (const run of [path, join(path, 'run'), join(path, 'deep', 'run')]) {
    assert.throws(
      () => requireFreshFolder(runFolder(run)),
      (error: InputError) => error instanceof InputError && error.where === path,
    );
  }
});

// The superuser may write everywhere.
const skip = process.getuid === undefined || process.getuid() === 0;
test('a folder that cannot be written is refused', { skip }, () => {
  const path = join(base, 'locked');
  mkdirSync(path, { mode: 0o500 });
  assert.throws(() => requireFreshFolder(runFolder(join(path, 'run'))), /cannot be written/);
});

test('creating makes the folder and those above it; a run begins with its config', async () => {
  const folder = runFolder(join(base, 'deep', 'run'));
  await createRunFolder(folder);
  await createRunFolder(folder);
  assert.deepEqual(readdirSync(folder.path), []);
  assert.throws(() => requireRun(folder), InputError);
  writeFileSync(folder.config, '');
  requireRun(folder);
  assert.throws(() => requireFreshFolder(folder), InputError);
});

test('the folder of many runs is none, and it is said how they go on', async () => {
  const folder = runFolder(join(base, 'many runs'));
  await createRunFolder(folder);
  writeFileSync(experimentFile(folder.path), '');
  assert.throws(
    () => requireRun(folder),
    ({ code, what, remedy }: InputError) =>
      code === 'not-a-run' &&
      /^this folder holds the runs of a comparison/.test(what) &&
      /give the command that began them once more/.test(remedy!) &&
      remedy!.includes(`s3delta status '${folder.path}' --json`),
  );
});

test('a path with a NUL character is refused before anything is tried with it', () => {
  assert.throws(() => runFolder('nul\0'), InputError);
});

test('a folder that cannot be made is the mistake of who named it', async () => {
  for (const path of [join(base, 'a'.repeat(300)), join(base, 'file', 'run')]) {
    await assert.rejects(createRunFolder(runFolder(path)), (error: InputError) => {
      return error instanceof InputError && error.where === path && /--out/.test(error.remedy!);
    });
  }
});
