import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import { type ModelInput, readInputLines, readInputs } from '../../src/data/read-inputs.ts';
import { readRows } from '../../src/data/rows/read-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-inputs-'));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function collect(inputs: AsyncIterable<ModelInput>): Promise<ModelInput[]> {
  const found: ModelInput[] = [];
  for await (const input of inputs) found.push(input);
  return found;
}

test('a line is a text or an object of fields; empty lines are passed over and counted', async () => {
  const content = '\uFEFFa text\r\n\n  \n{"text": "of a field"}\n[no object] "but a text"';
  for (const name of ['asked.txt', 'asked.jsonl', 'asked']) {
    assert.deepEqual(await collect(readInputs(file(name, content))), [
      { line: 1, text: 'a text' },
      { file: join(folder, name), line: 4, fields: { text: 'of a field' } },
      { line: 5, text: '[no object] "but a text"' },
    ]);
  }
});

test('tables are rows', async () => {
  const rows = await collect(readInputs(file('asked.csv', 'meal,remark\nlunch,"cold,\nslow"\ndinner,fine\n')));
  assert.deepEqual(
    rows.map(row => ('fields' in row ? [row.line, row.fields] : row)),
    [
      [2, { meal: 'lunch', remark: 'cold,\nslow' }],
      [4, { meal: 'dinner', remark: 'fine' }],
    ],
  );
});

test('a Parquet file is rows, too', async () => {
  const path = fileURLToPath(new URL('../fixtures/parquet/rte-words/train.parquet', import.meta.url));
  const rows = await collect(readInputs(path));
  assert.deepEqual(rows, await readRows(path));
  assert.equal(rows.length, 6);
});

test('a table is read as it is needed: what is asked first is answered before the fault further on', async () => {
  for (const [name, separator] of [
    ['long.csv', ','],
    ['long.tsv', '\t'],
  ] as const) {
    const rows = Array.from({ length: 50_000 }, (_, i) => `${i}${separator}a text\n`).join('');
    const path = file(name, `id${separator}text\n${rows}too${separator}many${separator}cells\n`);
    let seen = 0;
    await assert.rejects(
      async () => {
        for await (const input of readInputs(path)) {
          assert.deepEqual('fields' in input && input.fields, { id: String(seen++), text: 'a text' });
        }
      },
      (error: InputError) => error instanceof InputError && error.where === `${path}:50002`,
    );
    assert.equal(seen, 50_000);
  }
});

test('text that is not UTF-8 is refused with its line, when what is before it has been read', async () => {
  for (const name of ['latin.csv', 'latin.tsv', 'latin.txt']) {
    // The first 64 K of a csv are looked at before any of them is given.
    const good = 'good\n'.repeat(40_000);
    const path = file(name, Buffer.from(`text\n${good}Käse\n`, 'latin1'));
    const read: number[] = [];
    await assert.rejects(
      async () => {
        for await (const { line } of readInputs(path)) read.push(line);
      },
      { message: `${path}:40002: this line is not UTF-8` },
    );
    assert.ok(read.includes(2), String(read));
  }
  const lines = Readable.from([Buffer.from('\uFEFFtext\n', 'utf16le')]);
  await assert.rejects(collect(readInputLines(lines, 'a stream')), /^InputError: a stream: this is UTF-16, not UTF-8/);
});

test('a line separator of Unicode within a JSON text ends no line', async () => {
  const path = file('separators.jsonl', '{"a": "one\u2028two"}\n');
  assert.deepEqual(await collect(readInputs(path)), [{ file: path, line: 1, fields: { a: 'one\u2028two' } }]);
});

test('what is wrong is told with its place', async () => {
  const broken = file('broken.jsonl', '{"a": 1}\n{"a": \n');
  const missing = join(folder, 'none.jsonl');
  for (const [path, where] of [
    [broken, `${broken}:2`],
    [missing, missing],
    [folder, folder],
  ] as const) {
    await assert.rejects(
      collect(readInputs(path)),
      (error: InputError) => error instanceof InputError && error.where === where,
    );
  }
});

test('a stream is read as it is needed', async () => {
  let made = 0;
  const lines = Readable.from(
    (function* () {
      for (;;) yield `line ${made++}\n`;
    })(),
  );
  let seen = 0;
  for await (const _ of readInputLines(lines, 'a stream')) if (++seen === 5000) break;
  assert.ok(made < 5000 + 5000, `${made} lines made`);
  assert.ok(lines.destroyed);
});

test('an abort ends the wait for a line that does not come', async () => {
  const controller = new AbortController();
  const silent = new PassThrough();
  const waiting = collect(readInputLines(silent, 'a stream', controller.signal));
  controller.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.ok(silent.destroyed);
});
