import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../src/core/errors.ts';
import { parseCsv } from '../../../src/data/rows/csv.ts';
import { parseJsonDocument, parseJsonLines } from '../../../src/data/rows/json-rows.ts';
import { readRows } from '../../../src/data/rows/read-rows.ts';
import { fieldText, fieldTexts, fieldValue, placeOf, type Row } from '../../../src/data/rows/row.ts';
import { parseTsv } from '../../../src/data/rows/tsv.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3delta-rows-'));
});
after(() => rm(folder, { recursive: true }));

const contents = (rows: readonly Row[]) => rows.map(row => [row.line, row.fields]);

function refused(read: () => unknown, message: RegExp): void {
  assert.throws(read, (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    assert.ok(error.remedy);
    return true;
  });
}

test('tsv: quotes are data, empty lines and a byte-order mark are passed over, lines are counted', () => {
  const rows = parseTsv('\uFEFFtext\tlabel\r\nsay "hi\t1\r\n\n"x" y\t0', 'f.tsv');
  assert.deepEqual(contents(rows), [
    [2, { text: 'say "hi', label: '1' }],
    [4, { text: '"x" y', label: '0' }],
  ]);
});

test('tsv: columns can be named where the file has no header', () => {
  const rows = parseTsv('gj04\t1\t\tA sentence.\n', 'f.tsv', {
    columns: ['source', 'label', 'mark', 'sentence'],
  });
  assert.deepEqual(contents(rows), [[1, { source: 'gj04', label: '1', mark: '', sentence: 'A sentence.' }]]);
});

test('tsv: a separator of lines that is none in the format stays in the text', () => {
  assert.equal(parseTsv('a\nx\u2028y\u0085z\n', 'f.tsv')[0]?.fields.a, 'x\u2028y\u0085z');
});

test('tsv: a line with too few or too many columns is refused with its number', () => {
  refused(() => parseTsv('a\tb\n1\t2\n3\n', 'f.tsv'), /^f\.tsv:3: this line has 1 columns, 2 are expected/);
  refused(() => parseTsv('a\tb\n1\t2\t3\n', 'f.tsv'), /^f\.tsv:2: this line has 3 columns/);
  refused(() => parseTsv('a\ta\n1\t2\n', 'f.tsv'), /two columns are named "a"/);
});

test('csv: quoted cells hold commas, quotes and line ends, and lines are counted through them', () => {
  const text = 'text,label\r\n"a, ""b""\nc",1\r\n\r\nplain 5" disk,0\n"",\n';
  assert.deepEqual(contents(parseCsv(text, 'f.csv')), [
    [2, { text: 'a, "b"\nc', label: '1' }],
    [5, { text: 'plain 5" disk', label: '0' }],
    [6, { text: '', label: '' }],
  ]);
  assert.deepEqual(contents(parseCsv('a,b\n1,', 'f.csv')), [[2, { a: '1', b: '' }]]);
  assert.deepEqual(contents(parseCsv('a,b\r1,2\r', 'f.csv')), [[2, { a: '1', b: '2' }]]);
});

test('csv: malformed quotes and short lines are refused with their line', () => {
  refused(() => parseCsv('a,b\n1,"open\n2,3\n', 'f.csv'), /^f\.csv:2: a quote is never closed/);
  refused(() => parseCsv('a,b\n"1"x,2\n', 'f.csv'), /^f\.csv:2: text follows a closing quote/);
  refused(() => parseCsv('a,b\n"1\n2",3\n4\n', 'f.csv'), /^f\.csv:4: this line has 1 columns/);
});

test('csv: whatever is written by the rules is read back', () => {
  const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é', '😀') });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), rows => {
      const text = [['a', 'b'], ...rows].map(cells => cells.map(quote).join(',')).join('\n');
      assert.deepEqual(
        parseCsv(text, 'f.csv').map(row => [row.fields.a, row.fields.b]),
        rows,
      );
    }),
    { numRuns: 200 },
  );
});

test('csv: a cell of a million characters is read', () => {
  const long = `${'x'.repeat(500_000)}""${'y'.repeat(500_000)}`;
  assert.equal((parseCsv(`a\n"${long}"\n`, 'f.csv')[0]!.fields.a as string).length, 1_000_001);
});

test('jsonl: one object a line', () => {
  const rows = parseJsonLines('{"a": "x", "n": 3}\n\n{"a": "y", "more": {"b": [1]}}\n', 'f.jsonl');
  assert.deepEqual(contents(rows), [
    [1, { a: 'x', n: 3 }],
    [3, { a: 'y', more: { b: [1] } }],
  ]);
  refused(() => parseJsonLines('{"a": 1}\n{"a": \n', 'f.jsonl'), /^f\.jsonl:2: not valid JSON/);
  refused(() => parseJsonLines('[1]\n', 'f.jsonl'), /^f\.jsonl:1: this row is no JSON object/);
});

test('json: a list of objects, an object of objects, or one object', () => {
  const expected = [
    [1, { a: 'x' }],
    [2, { a: 'y' }],
  ];
  assert.deepEqual(contents(parseJsonDocument('[{"a": "x"}, {"a": "y"}]', 'f.json')), expected);
  assert.deepEqual(contents(parseJsonDocument('{"0": {"a": "x"}, "1": {"a": "y"}}', 'f.json')), expected);
  for (const fields of [{ a: 'x' }, { idx: { a: 1 }, a: 'x' }, { a: ['x'] }, { a: null }]) {
    assert.deepEqual(contents(parseJsonDocument(JSON.stringify(fields), 'f.json')), [[1, fields]]);
  }
  assert.deepEqual(parseJsonDocument('{}', 'f.json'), []);
  refused(() => parseJsonDocument('3', 'f.json'), /no list of rows/);
  refused(() => parseJsonDocument('[{}, 4]', 'f.json'), /^f\.json:2: this row is no JSON object/);
  refused(() => parseJsonDocument('[{}', 'f.json'), /^f\.json: not valid JSON/);
});

test("json: pandas' columns of cells become rows, and its other forms are refused in a line", () => {
  const columns = '{"text": {"0": "x", "3": null}, "kind": {"0": 1, "3": 2}}';
  assert.deepEqual(contents(parseJsonDocument(columns, 'f.json')), [
    [1, { text: 'x', kind: 1 }],
    [2, { text: null, kind: 2 }],
  ]);
  const two = '{"1": {"0": "x"}, "2": {"0": "y"}}';
  assert.deepEqual(contents(parseJsonDocument(two, 'f.json')), [
    [1, { 0: 'x' }],
    [2, { 0: 'y' }],
  ]);
  const split = '{"columns": ["text"], "index": [0], "data": [["x"]]}';
  assert.throws(
    () => parseJsonDocument(split, 'f.json'),
    ({ message, remedy }: InputError) => /columns and cells apart/.test(message) && /orient='records'/.test(remedy!),
  );
});

test('a message names the first columns of many', () => {
  const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`column ${i}`, '']));
  assert.throws(
    () => fieldText({ file: 'f.json', line: 1, fields }, 'text'),
    ({ remedy }: InputError) => remedy!.length < 300 && remedy!.endsWith('"column 11" and 4988 more'),
  );
});

test('a field is text; numbers and booleans become text; a missing column names file, line and columns', () => {
  const row: Row = { file: 'f.jsonl', line: 7, fields: { text: 'x', n: 2.5, yes: true, list: [1], none: null } };
  assert.equal(placeOf(row), 'f.jsonl:7');
  assert.deepEqual([fieldText(row, 'text'), fieldText(row, 'n'), fieldText(row, 'yes')], ['x', '2.5', 'true']);
  refused(() => fieldText(row, 'label'), /^f\.jsonl:7: no column "label"/);
  refused(() => fieldText(row, 'toString'), /no column "toString"/);
  refused(() => fieldText(row, 'list'), /"list" holds no text/);
  assert.deepEqual([fieldText(row, 'none'), fieldText({ ...row, fields: { none: Number.NaN } }, 'none')], ['', '']);
  assert.equal(fieldText(row, 'label', 'n'), '2.5');
  refused(() => fieldText(row, 'label', 'class'), /no column "label" or "class"/);
});

test('fields of structs are named with dots, lists are lists of texts', () => {
  const fields = { idx: { question: 7, 'a.b': 1 }, 'a.b': 'own', words: ['x', 3, true], mixed: ['x', null], text: 'x' };
  const row: Row = { file: 'f.jsonl', line: 7, fields };
  assert.equal(fieldText(row, 'idx.question'), '7');
  assert.equal(fieldText(row, 'a.b'), 'own');
  assert.deepEqual(fieldTexts(row, 'words'), ['x', '3', 'true']);
  for (const name of ['idx.answer', 'idx.question.more', 'text.length', 'idx.constructor', '.']) {
    refused(() => fieldValue(row, name), new RegExp(`no column "${name}"`));
  }
  refused(() => fieldTexts(row, 'text'), /^f\.jsonl:7: "text" holds no list/);
  refused(() => fieldTexts(row, 'mixed'), /^f\.jsonl:7: "mixed" holds no text/);
});

test('tsv: lines with too few cells may be passed over, those with too many never', () => {
  const text = 'a\tb\n1\t2\nbroken\n3\t4\n';
  assert.deepEqual(contents(parseTsv(text, 'f.tsv', undefined, true)), [
    [2, { a: '1', b: '2' }],
    [4, { a: '3', b: '4' }],
  ]);
  refused(() => parseTsv(text, 'f.tsv'), /^f\.tsv:3: this line has 1 columns/);
  refused(() => parseTsv('a\n1\t2\n', 'f.tsv', undefined, true), /^f\.tsv:2: this line has 2 columns/);
});

test('the ending of the name chooses the reader', async () => {
  const read = async (name: string, text: string, columns?: string[]) => {
    await writeFile(join(folder, name), text);
    return (await readRows(join(folder, name), { columns })).map(row => row.fields);
  };
  assert.deepEqual(await read('a.tsv', 'x\ty\n"1\t2\n'), [{ x: '"1', y: '2' }]);
  assert.deepEqual(await read('a.csv', 'x,y\n"1",2\n'), [{ x: '1', y: '2' }]);
  assert.deepEqual(await read('a.CSV', '1,2\n', ['x', 'y']), [{ x: '1', y: '2' }]);
  assert.deepEqual(await read('a.jsonl', '{"x": 1}\n'), [{ x: 1 }]);
  assert.deepEqual(await read('a.json', '[{"x": 1}]'), [{ x: 1 }]);
  await assert.rejects(readRows(join(folder, 'a.txt')), /unknown kind of data file/);
  await assert.rejects(readRows(join(folder, 'none.tsv')), InputError);
});

test('text that is not UTF-8 is refused with its line', async () => {
  for (const [name, before] of [
    ['l.tsv', 'x\ty\n1\t'],
    ['l.csv', 'x,y\n1,'],
    ['l.jsonl', '{"x": 1}\n{"x": "'],
    ['l.json', '[{"x": 1},\n{"x": "'],
  ] as const) {
    const file = join(folder, name);
    await writeFile(file, Buffer.concat([Buffer.from(before), Buffer.from('Käse', 'latin1')]));
    await assert.rejects(readRows(file), {
      message: `${file}:2: this line is not UTF-8`,
      remedy: 'save it as UTF-8 (in Excel: "CSV UTF-8"; or by iconv -f CP1252 -t UTF-8)',
    });
  }
});
