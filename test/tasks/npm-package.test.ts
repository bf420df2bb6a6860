import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { addNpmPackage } from '../../src/tasks/spam.ts';
import { writeFiles } from './write-files.ts';

const { addPackage } = (await import(new URL('../../bin/npm-package.mjs', import.meta.url).href)) as {
  addPackage(spec: string, folder: string, keep?: (folder: string, name: string) => void): Promise<void>;
};

/** A package as npm packs it, that would leave a file where its script is run. */
async function packed(folder: string): Promise<string> {
  const description = { name: '@scope/given', version: '1.2.3', main: 'index.js', scripts: { postinstall: 'exit 1' } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(description));
  const { stdout, stderr } = spawnSync('npm', ['pack', '--silent'], { cwd: folder, encoding: 'utf8' });
  assert.match(stdout, /\.tgz/, stderr);
  return join(folder, stdout.trim());
}

test('a package is put where it can be imported from, without its scripts and without a rest', async t => {
  const archive = await packed(await writeFiles(t, { 'index.js': 'module.exports = 7', 'large.bin': 'x' }));
  const folder = await writeFiles(t, { 'package.json': '{ "name": "of-the-user" }' });
  await addNpmPackage(archive, folder);
  assert.equal(await readFile(join(folder, 'node_modules/@scope/given/index.js'), 'utf8'), 'module.exports = 7');
  assert.deepEqual((await readdir(folder)).sort(), ['node_modules', 'package.json']);
  assert.equal(await readFile(join(folder, 'package.json'), 'utf8'), '{ "name": "of-the-user" }');
  // Again: what is there stays.
  await writeFile(join(folder, 'node_modules/@scope/given/index.js'), 'module.exports = 8');
  await addNpmPackage(archive, folder);
  assert.equal(await readFile(join(folder, 'node_modules/@scope/given/index.js'), 'utf8'), 'module.exports = 8');
});

test('what is not needed of a package is left out before it is there', async t => {
  const archive = await packed(await writeFiles(t, { 'index.js': '', 'large.bin': 'x' }));
  const folder = await writeFiles(t, {});
  const seen: string[] = [];
  await addPackage(archive, folder, (place, name) => {
    assert.notEqual(place, join(folder, 'node_modules/@scope/given'));
    seen.push(name);
  });
  assert.deepEqual(seen, ['@scope/given']);
});

test('a package that cannot be had is refused with what npm says, and leaves nothing', async t => {
  const folder = await writeFiles(t, {});
  await assert.rejects(addNpmPackage(join(folder, 'nothing-1.0.0.tgz'), folder), error => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.code, 'missing-package');
    assert.match(error.message, /ENOENT/);
    assert.match(error.remedy!, /^npm install /);
    return true;
  });
  assert.deepEqual(await readdir(folder), []);
});
