import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { ColumnMetaData } from 'hyparquet';
import { InputError } from '../../../src/core/errors.ts';
import { parseParquet } from '../../../src/data/rows/parquet.ts';
import { checkPages } from '../../../src/data/rows/parquet-pages.ts';
import { readRows } from '../../../src/data/rows/read-rows.ts';
import { fieldText } from '../../../src/data/rows/row.ts';

const fixture = (name: string) => readFile(new URL(`../../fixtures/parquet/${name}.parquet`, import.meta.url));
const read = async (name: string) => parseParquet(await fixture(name), `${name}.parquet`);

/** What tools/fixtures/parquet_files.py writes in every encoding. */
const rows = [
  ['It rains.', 0, 3.8, true, ['it', 'rains'], { paragraph: 0, question: 0 }, '9007199254740993'],
  ['A "quoted" word.', 1, 4.75, false, [], { paragraph: 0, question: 1 }, 1],
  [null, null, 0.1, null, null, { paragraph: 1, question: 2 }, 2],
  ['Ünïcödé 🙂', 1, null, true, ['x'], { paragraph: 1, question: 3 }, 3],
  ['It rains.', 0, 5, false, ['y', 'z'], { paragraph: 2, question: 4 }, 4],
];
const names = ['sentence', 'label', 'score', 'flag', 'words', 'idx', 'big'];

for (const name of ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'dictionary', 'pages', 'large-strings']) {
  test(`parquet, ${name}: texts, numbers of 32 and 64 bits, booleans, lists, structs, and what is missing`, async () => {
    const found = await read(name);
    assert.deepEqual(
      found.map(({ fields }) => names.map(column => fields[column] ?? null)),
      rows,
    );
    assert.deepEqual(
      found.map(({ file, line }) => [file, line]),
      rows.map((_, i) => [`${name}.parquet`, i + 1]),
    );
  });
}

test('parquet: a class is named as the file names it, a number without a name stays', async () => {
  const labels = async (name: string) => (await read(name)).map(({ fields }) => fields.label);
  const [entailment, not] = ['entailment', 'not_entailment'];
  assert.deepEqual(await labels('glue/rte/validation-00000-of-00001'), [
    entailment,
    not,
    not,
    entailment,
    not,
    entailment,
  ]);
  assert.deepEqual(await labels('rte-turned/train'), [not, entailment, entailment, not, entailment, not]);
  assert.deepEqual(await labels('rte-turned/validation'), [0, 1, 1, 0, 1, 0]);
  assert.deepEqual(new Set(await labels('glue/rte/test-00000-of-00001')), new Set([-1]));
  assert.deepEqual(await labels('label-missing'), [entailment, null, not, -1]);
  assert.deepEqual(await labels('label-beside-list'), [entailment, not]);
  assert.deepEqual(await labels('glue/stsb/train/0000'), [2.25, 2.75, 3.35, 0, 5, 4.1]);
});

test('parquet: decimals, floats, dates and gaps are what a csv of the same table says', async () => {
  const csv = await readRows(fileURLToPath(new URL('../../fixtures/parquet/like-csv.csv', import.meta.url)));
  const columns = Object.keys(csv[0]!.fields);
  const parquet = (await read('like-csv')).map(row => columns.map(name => fieldText(row, name)));
  // pandas leaves the cell empty where pyarrow writes nan.
  const expected = csv.map(row => columns.map(name => fieldText(row, name).replace(/^nan$/, '')));
  assert.deepEqual(parquet, expected);
  assert.deepEqual(expected[1], ['b', '1234.50', '12.345', '2.5', '0.1', '1969-12-31', '1970-01-01 00:00:00']);
  const lists = (await read('float-lists')).map(({ fields }) => [fields.words, fields.half]);
  assert.deepEqual(lists, [
    [[3.8, 0.1], 0.1],
    [[null], 2.5],
  ]);
});

test('parquet: what cannot be read is refused by its name', async () => {
  const refused = async (bytes: Uint8Array, message: RegExp) => {
    await assert.rejects(parseParquet(bytes, 'f.parquet'), (error: unknown) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      assert.match(error.remedy!, /damaged, cut off/);
      return true;
    });
  };
  const whole = await fixture('snappy');
  await refused(new Uint8Array(), /^f\.parquet: this is no Parquet file/);
  await refused(Buffer.from('sentence\tlabel\n'), /no Parquet file/);
  await refused(whole.subarray(0, -1), /its end is missing/);
  await refused(whole.subarray(whole.length - 600), /cannot be read/);
  await refused(await fixture('lz4'), /cannot be read: .*LZ4/);
});

test('parquet: a file damaged anywhere is read or refused, never anything else', async () => {
  const whole = await fixture('dictionary');
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = new Uint8Array(whole);
      bytes[at]! ^= change;
      try {
        assert.ok(Array.isArray(await parseParquet(bytes, 'f.parquet')));
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('parquet: a page whose header lost its size is refused', async () => {
  // Another field stands in place of the size, and the reader alone never comes to an end.
  for (const at of [73, 282]) {
    const bytes = new Uint8Array(await fixture('dictionary'));
    bytes[at]! ^= 89;
    await assert.rejects(parseParquet(bytes, 'f.parquet'), { name: 'InputError', message: /a page has no valid size/ });
  }
});

test('parquet: a header that counts more numbers than its column holds is refused at once', () => {
  // A list of 2^49 − 1 doubles, which nothing follows.
  const bytes = Uint8Array.of(0x19, 0xf7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
  const column = { data_page_offset: 0n, total_compressed_size: BigInt(bytes.length) } as ColumnMetaData;
  assert.throws(() => checkPages(bytes, column), /header does not end/);
});
