import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { readSafetensorsHeader } from '../../src/files/safetensors.ts';
import { type ArrayTensor, readSafetensors, writeSafetensors } from '../../src/files/safetensors-arrays.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-arrays-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'delta.safetensors');

const tensors = new Map<string, ArrayTensor>([
  ['steps', { data: Int32Array.of(-1, 2 ** 31 - 1, 7), shape: [3] }],
  ['A', { data: Float32Array.of(0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3), shape: [2, 3] }],
  ['alpha', { data: Float64Array.of(Math.PI, 5e-324), shape: [2] }],
  ['none', { data: new Float32Array(0), shape: [0] }],
  ['scalar', { data: Float64Array.of(1), shape: [] }],
]);

test('arrays come back bit for bit, with shapes and metadata', async () => {
  await writeSafetensors(path, { metadata: { format: 'test', ключ: 'é\n' }, tensors });
  const back = await readSafetensors(path);
  assert.deepEqual(back.metadata, { format: 'test', ключ: 'é\n' });
  assert.equal(back.tensors.size, tensors.size);
  for (const [name, tensor] of tensors) assert.deepEqual(back.tensors.get(name), tensor, name);
});

test('a view into a larger buffer is written alone', async () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  await writeSafetensors(path, { metadata: {}, tensors: new Map([['view', { data, shape: [2] }]]) });
  assert.deepEqual((await readSafetensors(path)).tensors.get('view')?.data, Float32Array.of(2, 3));
});

test('the header is padded and every tensor aligned, whatever the names', async () => {
  for (let length = 1; length < 10; length++) {
    await writeSafetensors(path, { metadata: { pad: 'x'.repeat(length) }, tensors });
    const { tensors: entries } = await readSafetensorsHeader(path);
    for (const [name, { offset }] of entries) {
      assert.equal(offset % tensors.get(name)!.data.BYTES_PER_ELEMENT, 0, `${name} at ${offset}`);
    }
    const headerBytes = (await readFile(path)).readBigUInt64LE();
    assert.equal(headerBytes % 8n, 0n);
  }
});

test('unaligned files of others are read too', async () => {
  const header = Buffer.from('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}  '.slice(0, -1));
  const bytes = Buffer.alloc(8 + header.length + 8);
  bytes.writeBigUInt64LE(BigInt(header.length));
  header.copy(bytes, 8);
  bytes.writeDoubleLE(2.5, 8 + header.length);
  assert.notEqual((8 + header.length) % 8, 0);
  await writeFile(path, bytes);
  assert.deepEqual((await readSafetensors(path)).tensors.get('a')?.data, Float64Array.of(2.5));
});

test('a shape that does not fit is refused before anything is written', async () => {
  await rm(path);
  const wrong = new Map([['a', { data: new Float32Array(3), shape: [2] }]]);
  await assert.rejects(writeSafetensors(path, { metadata: {}, tensors: wrong }), RangeError);
  assert.deepEqual(await readdir(folder), []);
});

test('a dtype without an array type here is an InputError that names the tensor', async () => {
  const header = Buffer.from('{"half":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}');
  const bytes = Buffer.alloc(8 + header.length + 2);
  bytes.writeBigUInt64LE(BigInt(header.length));
  header.copy(bytes, 8);
  await writeFile(path, bytes);
  await assert.rejects(readSafetensors(path), (error: Error) => {
    return error instanceof InputError && /tensor half is F16/.test(error.message);
  });
});
