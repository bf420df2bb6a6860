import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { readCheckpointIndex } from '../../src/files/checkpoint-files.ts';
import { writeSafetensors } from '../../src/files/safetensors-arrays.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3delta-index-'));
});
afterEach(() => rm(folder, { recursive: true }));

function writeShard(file: string, ...names: string[]): Promise<void> {
  const tensors = new Map(names.map(name => [name, { data: new Float32Array(6), shape: [2, 3] }]));
  return writeSafetensors(join(folder, file), { metadata: {}, tensors });
}

function writeIndex(index: unknown): Promise<void> {
  return writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
}

async function rejects(message: RegExp, remedy?: RegExp): Promise<void> {
  await assert.rejects(readCheckpointIndex(folder), (error: Error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    if (remedy) assert.match(error.remedy ?? '', remedy);
    return true;
  });
}

test('a single file', async () => {
  await writeShard('model.safetensors', 'a', 'b');
  const tensors = await readCheckpointIndex(folder);
  assert.deepEqual([...tensors.keys()], ['a', 'b']);
  assert.equal(tensors.get('a')?.file, join(folder, 'model.safetensors'));
});

test('shards: every tensor with the file that holds it', async () => {
  await writeShard('model-00001-of-00002.safetensors', 'a', 'unlisted');
  await writeShard('model-00002-of-00002.safetensors', 'b');
  await writeIndex({
    metadata: { total_size: 48 },
    weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
  });
  const tensors = await readCheckpointIndex(folder);
  assert.deepEqual([...tensors.keys()], ['a', 'b']);
  assert.equal(tensors.get('b')?.file, join(folder, 'model-00002-of-00002.safetensors'));
  assert.deepEqual(tensors.get('b')?.shape, [2, 3]);
});

test('a missing shard is named', async () => {
  await writeShard('one.safetensors', 'a');
  await writeIndex({ weight_map: { a: 'one.safetensors', b: 'two.safetensors' } });
  await rejects(/shard two.safetensors is missing/, /download/);
});

test('a cut-off shard is named', async () => {
  await writeShard('one.safetensors', 'a');
  await truncate(join(folder, 'one.safetensors'), 90);
  await writeIndex({ weight_map: { a: 'one.safetensors' } });
  await rejects(/one\.safetensors: /);
});

test('a tensor that is not in its shard is named', async () => {
  await writeShard('one.safetensors', 'a');
  await writeIndex({ weight_map: { a: 'one.safetensors', b: 'one.safetensors' } });
  await rejects(/tensor b is not in one.safetensors/);
});

test('an index cannot lead out of the folder', async () => {
  for (const name of ['../one.safetensors', '/etc/passwd', '..']) {
    await writeIndex({ weight_map: { a: name } });
    await rejects(/not a plain file name/);
  }
});

test('an index without a weight map', async () => {
  await writeIndex({ weights: {} });
  await rejects(/weight_map/);
});

test('no weights at all, or only pickled ones', async () => {
  await rejects(/neither model.safetensors nor/, /Hub/);
  await writeFile(join(folder, 'pytorch_model.bin'), '');
  await rejects(/neither model.safetensors nor/, /convert/);
});
