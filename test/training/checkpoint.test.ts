import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { writeSafetensors } from '../../src/files/safetensors-arrays.ts';
import { checkpointFile } from '../../src/training/checkpoint.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-checkpoint-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'run', 'checkpoint', 'tune.safetensors');
const store = checkpointFile(path);

test('nothing is there before the first save', async () => {
  assert.equal(await store.load(), undefined);
  assert.deepEqual(await readdir(folder), []);
});

test('the last state saved comes back bit for bit', async () => {
  const state = {
    arrays: { delta: Float32Array.of(0.1, -0), alpha: Float64Array.of(Math.PI), counts: Int32Array.of(7) },
    meta: { step: 3, name: 'é', nested: { list: [1, null, true] } },
  };
  await store.save({ arrays: { other: new Float32Array(9) }, meta: {} });
  await store.save(state);
  assert.deepEqual(await store.load(), state);
  assert.deepEqual(await readdir(join(folder, 'run', 'checkpoint')), ['tune.safetensors']);
});

test('a damaged file and a file of something else are InputErrors', async () => {
  await truncate(path, 60);
  await assert.rejects(store.load(), InputError);
  await writeSafetensors(path, { metadata: {}, tensors: new Map() });
  await assert.rejects(store.load(), (error: Error) => {
    return error instanceof InputError && /not a checkpoint/.test(error.message) && error.where === path;
  });
});

test('a state that is no JSON is an InputError that names the file', async () => {
  await writeSafetensors(path, { metadata: { 's3delta.checkpoint': '{"step":' }, tensors: new Map() });
  await assert.rejects(store.load(), (error: Error) => error instanceof InputError && error.where === path);
});

test('a bit that has changed since, in arrays or counters, is found, and what to do is told', async () => {
  await store.save({ arrays: { delta: Float32Array.of(0.5, 1) }, meta: { step: 12 } });
  const whole = await readFile(path);
  for (const at of [whole.length - 1, whole.indexOf('12')]) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1;
    await writeFile(path, bytes);
    await assert.rejects(store.load(), (error: Error) => {
      assert.ok(error instanceof InputError && error.where === path, String(error));
      assert.match(error.message, /not those that were written/);
      assert.match(error.remedy!, /remove the file: the stage then begins anew with --resume/);
      return true;
    });
  }
});
