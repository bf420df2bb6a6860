import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspectWeights, rememberedHash } from '../../src/files/checkpoint-files.ts';
import { type TensorSource, writeTensors } from '../../src/files/safetensors-arrays.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-inspect-'));
process.env.S3DELTA_CACHE = mkdtempSync(join(tmpdir(), 's3delta-inspect-cache-'));
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const half = (...words: number[]): TensorSource => {
  return { dtype: 'F16', shape: [words.length], bytes: () => new Uint8Array(Uint16Array.from(words).buffer) };
};
const single = (values: Float32Array): TensorSource => {
  return { dtype: 'F32', shape: [values.length], bytes: () => new Uint8Array(values.buffer) };
};

test('all of a file is hashed, and tensors that are not finite or all zero are named, whatever their type', async () => {
  const file = join(folder, 'mixed.safetensors');
  // Longer than what is read at once, with the one odd number at its end.
  const long = new Float32Array(400_000).fill(0.5);
  const [withNan, withInfinity] = [long.slice(), long.slice()];
  withNan[399_999] = Number.NaN;
  withInfinity[0] = Number.NEGATIVE_INFINITY;
  const bf16: TensorSource = { ...half(0x3f80, 0x7f80), dtype: 'BF16' };
  const tensors = {
    ...{ long: single(long), nan: single(withNan), infinity: single(withInfinity), zeros: single(new Float32Array(9)) },
    ...{ half: half(0x3c00, 0x7bff), halfNan: half(0x3c00, 0x7e00), halfZero: half(0, 0x8000), bf16 },
    flags: { dtype: 'U8', shape: [3], bytes: () => new Uint8Array(3) } as const,
  };
  await writeTensors(file, { metadata: {}, tensors: new Map(Object.entries(tensors)) });
  const { sha256: hash, notFinite, zero } = await inspectWeights(file);
  assert.equal(hash, sha256(file));
  assert.deepEqual(notFinite.sort(), ['bf16', 'halfNan', 'infinity', 'nan']);
  assert.deepEqual(zero.sort(), ['halfZero', 'zeros']);
});

test('what was found is remembered for as long as the file is as it was', async () => {
  const file = join(folder, 'small.txt');
  writeFileSync(file, 'one');
  assert.equal(await rememberedHash(file), sha256(file));
  const [record] = readdirSync(join(process.env.S3DELTA_CACHE!, 'checked'))
    .map(name => join(process.env.S3DELTA_CACHE!, 'checked', name))
    .filter(path => readFileSync(path, 'utf8').includes(sha256(file)));
  // What stands in the record is what is told: the file was not read again.
  writeFileSync(record!, readFileSync(record!, 'utf8').replace(sha256(file), 'remembered'));
  assert.equal(await rememberedHash(file), 'remembered');
  writeFileSync(file, 'two');
  assert.equal(await rememberedHash(file), sha256(file));
  writeFileSync(record!, 'damaged');
  assert.equal(await rememberedHash(file), sha256(file));
});
