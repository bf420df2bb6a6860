import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatConfigFile, readConfigFile } from '../../src/config/config-file.ts';
import { InputError } from '../../src/core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-config-'));

function file(content: string | Buffer): string {
  const path = join(folder, `${Math.random()}.yaml`);
  writeFileSync(path, content);
  return path;
}

test('a written config reads back as it was, without what made the run', () => {
  const settings = { task: 'rte', budget: '1.39bp', seed: 7, lr: 3e-4, 'keep-inert': true, order: 'first' } as const;
  const versions = { s3delta: '1', node: 'v24', 'onnxruntime-node': '1', platform: 'linux-x64', device: 'cpu' };
  const text = formatConfigFile(settings, versions, join(folder, 'config.yaml'));
  assert.match(text, /versions:/);
  assert.deepEqual(readConfigFile(file(text)), settings);
});

test('an empty file says nothing', () => {
  assert.deepEqual(readConfigFile(file('')), {});
  assert.deepEqual(readConfigFile(file('# only a comment\n')), {});
});

test('text that looks like a number keeps what was written of it', () => {
  assert.deepEqual(readConfigFile(file('task: "007"')), { task: '007' });
  assert.deepEqual(readConfigFile(file('budget: 0.0139%')), { budget: '0.0139%' });
});

test('a missing file, bad YAML and an unknown key are told with the file', () => {
  const missing = join(folder, 'none.yaml');
  assert.throws(
    () => readConfigFile(missing),
    (error: InputError) => error instanceof InputError && error.where === missing,
  );
  const broken = file('task: rte\nbudget: [1\n');
  assert.throws(
    () => readConfigFile(broken),
    (error: InputError) =>
      error instanceof InputError && /YAML/.test(error.message) && error.where!.startsWith(`${broken}:`),
  );
  const unknown = file('tsk: rte\n');
  assert.throws(
    () => readConfigFile(unknown),
    (error: InputError) => error instanceof InputError && error.where === unknown && /`task`/.test(error.remedy!),
  );
});

test('YAML that parses and cannot be used is an InputError that names the file, and nothing is printed', async () => {
  const warned: unknown[] = [];
  process.on('warning', warning => warned.push(warning));
  const bomb = `a: &a [x, x]\n${[...'bcdefghij'].map((key, i) => `${key}: &${key} [*${'abcdefghi'[i]}, *${'abcdefghi'[i]}]\n`).join('')}`;
  for (const text of [
    'seed: *none\n',
    bomb,
    '['.repeat(20_000),
    '? [a]\n: 1\n',
    `${'? '.repeat(200)}a`,
    '{"__proto__": {"seed": 1}}',
    '\0',
    '- seed',
  ]) {
    const path = file(text);
    assert.throws(
      () => readConfigFile(path),
      (error: InputError) => error instanceof InputError && error.where!.startsWith(path),
    );
  }
  await new Promise(resolve => setImmediate(resolve));
  assert.deepEqual(warned, []);
});

test('a file in another encoding is refused with its line, and a byte-order mark is none of its keys', () => {
  assert.deepEqual(readConfigFile(file('\uFEFFtask: rte\n')), { task: 'rte' });
  const latin1 = file(Buffer.from('task: rte\nmodel: modèle\n', 'latin1'));
  assert.throws(
    () => readConfigFile(latin1),
    (error: InputError) =>
      error instanceof InputError && error.where === `${latin1}:2` && error.remedy!.startsWith('save it as UTF-8'),
  );
});

test('a folder, a missing file and an impossible path are told of as what they are', () => {
  const isTold = (message: RegExp) => (error: Error) => error instanceof InputError && message.test(error.message);
  assert.throws(() => readConfigFile(folder), isTold(/folder, not a file/));
  assert.throws(() => readConfigFile(join(folder, 'none.yaml')), isTold(/none\.yaml: no such file/));
  assert.throws(() => readConfigFile('a\0.yaml'), isTold(/NUL/));
});

test("a run's folder in place of a config file is told which file to give", () => {
  const run = mkdtempSync(join(folder, 'a run-'));
  writeFileSync(join(run, 'config.yaml'), 'task: rte\n');
  assert.throws(
    () => readConfigFile(run),
    (error: InputError) =>
      error.where === run && error.remedy === `for its settings give '${join(run, 'config.yaml')}'`,
  );
});
