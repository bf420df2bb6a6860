import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvCutter, parseCsv } from '../../../src/data/rows/csv.ts';
import { cutText } from '../../../src/data/rows/cutters.ts';

const fieldsOf = (text: string, columns?: readonly string[]) =>
  parseCsv(text, 'f.csv', { columns }).map(({ line, fields }) => [line, fields]);

test('semicolons, tabs, bars and commas are told by the first lines, whatever the texts hold', () => {
  for (const separator of [';', '\t', '|', ',']) {
    const others = [',', ';', '\t', '|'].filter(other => other !== separator).join(' ');
    const text = `text${separator}kind\r\nhi${others} there${separator}yes\r\n"a${separator}b"${separator}no\r\n`;
    assert.deepEqual(fieldsOf(`\uFEFF${text}`), [
      [2, { text: `hi${others} there`, kind: 'yes' }],
      [3, { text: `a${separator}b`, kind: 'no' }],
    ]);
  }
});

test('a header that could be cut in two ways is cut as the rows are', () => {
  assert.deepEqual(fieldsOf('id;text, or more;kind\n1;a, b, c;x\n2;d;y\n')[0], [
    2,
    { id: '1', 'text, or more': 'a, b, c', kind: 'x' },
  ]);
});

test('the line sep= says the separator, and counts as a line', () => {
  assert.deepEqual(fieldsOf('sep=;\r\na;b\r\n1,2;x\r\n'), [[3, { a: '1.2', b: 'x' }]]);
  assert.deepEqual(fieldsOf('"sep=\t"\na\tb\n1;2\tx\n'), [[3, { a: '1;2', b: 'x' }]]);
});

test('decimal commas become points in columns of numbers alone', () => {
  const text = 'text;score;size;note\na;0,5;1.234,5;3,5\nb;3;2.000;about 3,5\nc;;-1,25;\n';
  assert.deepEqual(
    fieldsOf(text).map(([, fields]) => Object.values(fields as object).join(' ')),
    ['a 0.5 1234.5 3,5', 'b 3 2000 about 3,5', 'c  -1.25 '],
  );
  assert.deepEqual(fieldsOf('a,b\n"1,234",x\n'), [[2, { a: '1,234', b: 'x' }]]);
});

test('without a header line the number of columns tells the separator', () => {
  assert.deepEqual(fieldsOf('one, two, three;1,5\nfour;2,5\n', ['text', 'score']), [
    [1, { text: 'one, two, three', score: '1.5' }],
    [2, { text: 'four', score: '2.5' }],
  ]);
  // The label may be missing where answers are asked for, and a first line of names be there all the same.
  const known = { columns: ['text', 'score', 'kind'], mayLack: 'kind', headerHolds: ['text'] };
  const read = (text: string) => parseCsv(text, 'f.csv', known).map(({ fields }) => fields);
  assert.deepEqual(read('one, two;1,5\nthree, four;2,5\n'), [
    { text: 'one, two', score: '1.5' },
    { text: 'three, four', score: '2.5' },
  ]);
  assert.deepEqual(read('id;score;text;x\n7;1,5;one, two;y\n'), [{ id: '7', score: '1.5', text: 'one, two', x: 'y' }]);
  // Prose has commas more often than semicolons.
  assert.deepEqual(read('one, two, three;1,5;a\nfour, five, six;2,5;b\n'), [
    { text: 'one, two, three', score: '1.5', kind: 'a' },
    { text: 'four, five, six', score: '2.5', kind: 'b' },
  ]);
});

test('one column stays one column, and a short line is refused by its number', () => {
  assert.deepEqual(fieldsOf('text\na; b\n'), [[2, { text: 'a; b' }]]);
  assert.throws(() => parseCsv('a;b\n1;2\n3\n', 'f.csv'), /f\.csv:3: this line has 1 columns, 2 are expected/);
});

test('pieces of any length give what the whole text gives', () => {
  const text = `text;score\n${Array.from({ length: 40 }, (_, i) => `"row ${i};\n";${i},5\n`).join('')}`;
  const whole = cutText(text, csvCutter('f.csv'));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), length => {
      const cut = csvCutter('f.csv');
      const lines = [];
      for (let at = 0; at < text.length; at += length) lines.push(...cut(text.slice(at, at + length), false));
      assert.deepEqual([...lines, ...cut('', true)], whole);
    }),
    { numRuns: 20 },
  );
});
