import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { checkOnce, hashFile } from '../../src/files/check-once.ts';
import { HASH_KEY, readCheckedHeader } from '../../src/files/content-hash.ts';
import { DamagedFileError, readSafetensorsHeader } from '../../src/files/safetensors.ts';
import { type ArrayTensor, readSafetensors, writeSafetensors } from '../../src/files/safetensors-arrays.ts';
import { withEnvironment } from '../hub/hub-server.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-hash-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'a.safetensors');
const tensors = new Map<string, ArrayTensor>([
  ['a', { data: Float32Array.of(0.5, -1, 3), shape: [3] }],
  ['b', { data: Float64Array.of(Math.PI), shape: [1] }],
  ['none', { data: new Float32Array(0), shape: [0] }],
]);
const metadata = { state: '{"step":12,"loss":0.25}', format: 'test' };
await writeSafetensors(path, { metadata, tensors });
const written = readFileSync(path);

async function isRefused(read: Promise<unknown>): Promise<void> {
  await assert.rejects(read, (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.where, path);
    assert.ok(error.remedy);
    return true;
  });
}

test('the hash is that of the file with zeros in its place, as anyone can compute it', async () => {
  const { metadata: all } = await readSafetensorsHeader(path);
  const zeros = written.toString('latin1').replace(all[HASH_KEY]!, '0'.repeat(64));
  assert.equal(all[HASH_KEY], createHash('sha256').update(Buffer.from(zeros, 'latin1')).digest('hex'));
  assert.deepEqual((await readSafetensors(path)).metadata, metadata);
});

test('any changed bit, in numbers, names or metadata, is found by the name of the file', async t => {
  withEnvironment(t, { S3DELTA_CACHE: join(folder, 'cache') });
  const key = written.indexOf(HASH_KEY);
  for (let at = 0; at < written.length; at++) {
    // Under another name it is somebody else's note.
    if (at >= key && at < key + HASH_KEY.length) continue;
    const changed = Buffer.from(written);
    changed[at]! ^= 1 << (at % 8);
    writeFileSync(path, changed);
    await isRefused(readSafetensors(path));
    await isRefused(readCheckedHeader(path));
  }
});

test('zeros in place of a part, parts changed round, and a file cut or grown are found', async () => {
  const start = written.length - 20;
  const zeros = Buffer.from(written).fill(0, start);
  const turned = Buffer.concat([written.subarray(0, start), written.subarray(-8), written.subarray(start, -8)]);
  for (const bytes of [zeros, turned, written.subarray(0, -4), Buffer.concat([written, Buffer.alloc(4)])]) {
    writeFileSync(path, bytes);
    await isRefused(readSafetensors(path));
  }
});

test('a file without a hash, of an earlier version or another program, is read as it is', async () => {
  const length = Number(written.readBigUInt64LE());
  const header = JSON.parse(written.toString('utf8', 8, 8 + length)) as Record<string, Record<string, unknown>>;
  delete header.__metadata__![HASH_KEY];
  const text = Buffer.from(JSON.stringify(header).padEnd(length));
  writeFileSync(path, Buffer.concat([written.subarray(0, 8), text, written.subarray(8 + length)]));
  const read = await readSafetensors(path);
  assert.deepEqual(read, { metadata, tensors });
  assert.equal((await readCheckedHeader(path)).tensors.size, tensors.size);
});

test('whatever stands in the metadata, the hash is found', async () => {
  const text = fc.string({ unit: 'binary' });
  await fc.assert(
    // No object of JavaScript's holds a property of that name by itself.
    fc.asyncProperty(
      fc.dictionary(
        text.filter(key => key !== '__proto__'),
        text,
      ),
      async given => {
        const { [HASH_KEY]: _, ...more } = given;
        const all = { ...more, quoted: `"${HASH_KEY}":"${'0'.repeat(64)}"`, zeros: '0'.repeat(64) };
        await writeSafetensors(path, { metadata: all, tensors });
        // Half a surrogate pair is no text that a file can hold.
        const { metadata: back } = await readSafetensors(path);
        assert.deepEqual(back, JSON.parse(Buffer.from(JSON.stringify(all)).toString()));
      },
    ),
    { numRuns: 50 },
  );
});

test('a check is done once for each state of a file, and again where it failed or cannot be remembered', async () => {
  const [file, record] = [join(folder, 'big'), join(folder, 'records', 'big')];
  let checks = 0;
  const check = (at = record, work = async () => {}) =>
    checkOnce(file, at, async () => {
      checks++;
      await work();
    });
  const after = async (expected: number, at?: string) => {
    checks = 0;
    await check(at);
    await check(at);
    assert.equal(checks, expected);
  };
  writeFileSync(file, 'abc');
  await after(1);
  const { atime, mtime } = statSync(file);
  writeFileSync(file, 'abd');
  // Whoever puts the old time back has changed the file all the same.
  utimesSync(file, atime, mtime);
  await after(1);
  rmSync(file);
  writeFileSync(file, 'abd');
  await after(1);
  await after(2, join(file, 'cannot', 'be'));
  writeFileSync(file, 'abe');
  await assert.rejects(
    check(record, async () => {
      throw new DamagedFileError('no', { where: file });
    }),
    DamagedFileError,
  );
  await after(1);
  // Changed while it is checked.
  writeFileSync(file, 'abf');
  await check(record, async () => writeFileSync(file, 'changed'));
  await after(1);
  writeFileSync(record, 'something else');
  await after(1);
  assert.equal(existsSync(record), true);
  assert.equal(await hashFile(file), createHash('sha256').update('changed').digest('hex'));
});
