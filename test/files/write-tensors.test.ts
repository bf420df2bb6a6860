import assert from 'node:assert/strict';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors, type TensorSource, writeTensors } from '../../src/files/safetensors-arrays.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-tensors-'));
const source = (data: Float32Array, shape: readonly number[]): TensorSource => ({
  dtype: 'F32',
  shape,
  bytes: () => new Uint8Array(data.buffer),
});

test('tensors are asked for one after the other, each when its turn comes', async () => {
  const path = join(folder, 'a.safetensors');
  let held = 0;
  const late = (value: number): TensorSource => ({
    ...source(Float32Array.of(value, value), [2, 1]),
    bytes: async () => {
      assert.equal(held++, value);
      return new Uint8Array(Float32Array.of(value, value).buffer);
    },
  });
  const tensors = new Map([0, 1, 2].map(value => [`t${value}`, late(value)]));
  await writeTensors(path, { metadata: { of: 'three' }, tensors });
  const read = await readSafetensors(path);
  assert.deepEqual(read.metadata, { of: 'three' });
  assert.deepEqual(read.tensors.get('t2'), { data: Float32Array.of(2, 2), shape: [2, 1] });
});

test('bytes that do not fit, a reserved name and a failing source write nothing', async () => {
  const path = join(folder, 'b.safetensors');
  const failing: TensorSource = { dtype: 'F32', shape: [1], bytes: () => Promise.reject(new Error('unreadable')) };
  for (const [name, tensor, message] of [
    ['a', source(Float32Array.of(1), [2]), /4 bytes cannot be stored as F32 \[2\]/],
    ['__metadata__', source(Float32Array.of(1), [1]), /no tensor can be named/],
    ['a', failing, /unreadable/],
  ] as const) {
    await assert.rejects(writeTensors(path, { metadata: {}, tensors: new Map([[name, tensor]]) }), message);
    assert.ok(!existsSync(path));
  }
});
