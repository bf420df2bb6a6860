import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { readSafetensorsHeader } from '../../src/files/safetensors.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-safetensors-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'model.safetensors');

/** A file with any header text, valid or not. */
async function write(header: unknown, dataBytes: number): Promise<void> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
}

async function rejects(message: RegExp): Promise<void> {
  await assert.rejects(readSafetensorsHeader(path), (error: Error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.where, path);
    assert.match(error.message, message);
    return true;
  });
}

const tensor = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test('gives dtype, shape, absolute offset and byte length of every tensor, aligned or not', async () => {
  const header = {
    __metadata__: { format: 'pt' },
    'encoder.a.weight': tensor('F32', [2, 3], 3, 27),
    half: tensor('BF16', [1], 0, 2),
    flag: tensor('BOOL', [], 2, 3),
    empty: tensor('F16', [0, 7], 27, 27),
    long: tensor('I64', [2], 27, 43),
  };
  await write(header, 43);
  const { metadata, tensors } = await readSafetensorsHeader(path);
  const start = 8 + Buffer.byteLength(JSON.stringify(header));
  assert.deepEqual(metadata, { format: 'pt' });
  assert.deepEqual(tensors.get('encoder.a.weight'), {
    file: path,
    dtype: 'F32',
    shape: [2, 3],
    offset: start + 3,
    byteLength: 24,
  });
  assert.deepEqual(tensors.get('flag'), { file: path, dtype: 'BOOL', shape: [], offset: start + 2, byteLength: 1 });
  assert.equal(tensors.get('empty')?.byteLength, 0);
  assert.deepEqual([...tensors.keys()].sort(), ['empty', 'encoder.a.weight', 'flag', 'half', 'long']);
});

test('a file without tensors is valid', async () => {
  await write('{}   ', 0);
  assert.equal((await readSafetensorsHeader(path)).tensors.size, 0);
});

test('names like those of object members are plain names', async () => {
  await write('{"__proto__": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}', 1);
  assert.deepEqual([...(await readSafetensorsHeader(path)).tensors.keys()], ['__proto__']);
  await write({ a: tensor('constructor', [1], 0, 1) }, 1);
  await rejects(/tensor a has the unknown dtype constructor/);
});

test('a missing file', async () => {
  await rm(path);
  await rejects(/no such file/);
});

test('a file cut off at any byte', async () => {
  const header = { a: tensor('F32', [2], 0, 8) };
  const total = 8 + JSON.stringify(header).length + 8;
  for (let length = total - 1; length >= 0; length--) {
    await write(header, 8);
    await truncate(path, length);
    await rejects(/too few|but the file has only|lie outside/);
  }
});

test('bytes that are no header', async () => {
  await writeFile(path, Buffer.alloc(64, 0xff));
  await rejects(/announces a header of 18446744073709551615 bytes/);
  await write('{"a": ', 0);
  await rejects(/not valid JSON/);
  for (const header of ['[]', 'null', '3']) {
    await write(header, 0);
    await rejects(/not a JSON object/);
  }
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(2n);
  await writeFile(path, Buffer.concat([length, Buffer.from([0xc3, 0x28])]));
  await rejects(/not valid UTF-8/);
});

const faults: { title: string; header: unknown; dataBytes: number; message: RegExp }[] = [
  {
    title: 'overlapping tensors',
    header: { a: tensor('F32', [2], 0, 8), b: tensor('F32', [1], 4, 8) },
    dataBytes: 8,
    message: /tensor b overlaps tensor a/,
  },
  {
    title: 'a hole between tensors',
    header: { a: tensor('F32', [1], 0, 4), b: tensor('F32', [1], 8, 12) },
    dataBytes: 12,
    message: /unused bytes stand between tensor a and tensor b/,
  },
  { title: 'bytes after the last', header: { a: tensor('U8', [1], 0, 1) }, dataBytes: 4, message: /3 unused bytes/ },
  {
    title: 'offsets beyond the file',
    header: { a: tensor('F32', [2], 0, 8) },
    dataBytes: 4,
    message: /tensor a: offsets \[0, 8\] lie outside the file's 4 data bytes/,
  },
  { title: 'offsets reversed', header: { a: tensor('F32', [1], 4, 0) }, dataBytes: 4, message: /tensor a: offsets/ },
  {
    title: 'a byte count that does not fit',
    header: { a: tensor('F16', [3], 0, 4) },
    dataBytes: 4,
    message: /tensor a: F16 \[3\] takes 6 bytes, its offsets span 4/,
  },
  {
    title: 'a shape whose product overflows',
    header: { a: tensor('F32', [2 ** 52, 2 ** 52], 0, 4) },
    dataBytes: 4,
    message: /takes/,
  },
  { title: 'an unknown dtype', header: { a: tensor('F4', [8], 0, 4) }, dataBytes: 4, message: /unknown dtype F4/ },
  { title: 'a negative size', header: { a: tensor('F32', [-1], 0, 4) }, dataBytes: 4, message: /tensor a: shape/ },
  { title: 'a negative offset', header: { a: tensor('F32', [1], -4, 0) }, dataBytes: 4, message: /tensor a: data_off/ },
  { title: 'a broken size', header: { a: tensor('F32', [0.5], 0, 2) }, dataBytes: 2, message: /tensor a: shape/ },
  { title: 'no dtype', header: { a: { shape: [1], data_offsets: [0, 4] } }, dataBytes: 4, message: /tensor a: dtype/ },
  { title: 'a tensor that is a number', header: { a: 3 }, dataBytes: 0, message: /tensor a: / },
  { title: 'metadata of numbers', header: { __metadata__: { a: 3 } }, dataBytes: 0, message: /__metadata__/ },
];

for (const { title, header, dataBytes, message } of faults) {
  test(`refuses ${title}`, async () => {
    await write(header, dataBytes);
    await rejects(message);
  });
}
