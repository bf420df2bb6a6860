import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatConfigFile, readConfigFile } from '../../src/config/config-file.ts';
import { InputError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-config-'));

function file(content: string): string {
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
