import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../src/data/rows/row.ts';
import { checkData } from '../../src/tasks/custom/check-data.ts';
import type { DataForm, Part } from '../../src/tasks/custom/data-check.ts';

const part = (name: Part['name'], records: readonly Record<string, unknown>[]): Part => ({
  name,
  rows: records.map((fields, i): Row => ({ file: `${name}.csv`, line: i + 2, fields })),
});
const formOf = (labels: readonly string[] | undefined, fields = ['text']): DataForm => ({
  fields,
  label: 'kind',
  labels: labels && new Map(labels.map(label => [label, label])),
  numbers: false,
});
const kinds = ['Rechnung', 'Versand'];
/** Sound rows, enough of them that nothing is to be said. */
const sound = (count = 4000) =>
  Array.from({ length: count }, (_, i) => ({ text: `ticket number ${i}`, kind: kinds[i % 2]! }));
const found = (parts: readonly Part[], form = formOf(kinds)) =>
  checkData(parts, form).map(({ severity, text }) => `${severity}: ${text}`);
const worse = (parts: readonly Part[], form = formOf(kinds)) =>
  found(parts, form).filter(line => !line.startsWith('note'));

test('of sound data rows, classes and the commonest answer are told, and nothing else', () => {
  assert.deepEqual(found([part('train', sound())]), [
    'note: training rows of each class: Rechnung 2,000, Versand 2,000',
    'note: always answering "Rechnung" is right in 50.0 % of them: a run must beat that',
    'note: rows of the files: train 4,000; of the sets: train 3200, validation 400, test 400',
  ]);
});

test('a rare label that is like another is taken for misspelt; two usual ones are not', () => {
  const slips = [...sound(), { text: 'x', kind: 'Rechnug' }];
  assert.ok(
    worse([part('train', slips)], formOf([...kinds, 'Rechnug'])).includes(
      'serious: the label "Rechnug", 1 row: did you mean "Rechnung" (2,000 rows)?',
    ),
  );
  const pair = sound().map(row => ({ ...row, kind: row.kind === 'Versand' ? 'Rechnungen' : 'Rechnung' }));
  assert.deepEqual(worse([part('train', pair)], formOf(['Rechnung', 'Rechnungen'])), []);
  const digits = [...sound().map((row, i) => ({ ...row, kind: String(1000 + (i % 2)) })), { text: 'x', kind: '1002' }];
  assert.deepEqual(
    worse([part('train', digits)], formOf(['1000', '1001', '1002'])).filter(line => /did you mean/.test(line)),
    [],
  );
});

test('labels that differ in blanks or case are one, unless the task file makes them one', () => {
  const rows = [...sound(), ...sound(10).map(({ text }) => ({ text: `new ${text}`, kind: 'versand ' }))];
  const form = formOf([...kinds, 'versand ']);
  assert.deepEqual(worse([part('train', rows)], form), [
    'serious: the labels "Versand" (2,000 rows) and "versand " (10 rows) differ in blanks or case only: write them alike',
  ]);
  const joined = { ...form, labels: new Map([...form.labels!, ['versand ', 'Versand']]) };
  assert.deepEqual(worse([part('train', rows)], joined), []);
});

test('one answer, none, and labels that the task does not know cannot be trained on', () => {
  const all = sound().map(row => ({ ...row, kind: 'Versand' }));
  assert.match(worse([part('train', all)])[0]!, /^error: every training row has the answer "Versand"/);
  assert.match(worse([part('train', all)], formOf(undefined))[0]!, /^error: every training row has the answer/);
  for (const nothing of [null, Number.NaN, '', ' ']) {
    assert.deepEqual(worse([part('train', [...sound(), { text: 'x', kind: nothing }])]), [
      'error: 1 row without an answer in "kind": train.csv:4002; remove them or give them one',
    ]);
  }
  assert.deepEqual(worse([part('train', [...sound(), { text: 'x', kind: 'Versnad' }])]), [
    'error: "Versnad" (1 row) is none of the labels: did you mean "Versand"?',
  ]);
  assert.deepEqual(worse([part('train', sound())], formOf(kinds, ['txt'])), ['error: no row has a column "txt"']);
});

test('copies within a file, across files, and with different answers are told with their places', () => {
  const twice = [...sound(), { text: 'ticket number 0', kind: 'Versand' }];
  assert.deepEqual(worse([part('train', twice)]), [
    'warning: a text has different answers in the train file, for example at train.csv:2, :4002',
    'warning: 1 row of the train file with the text of another (train.csv:2, :4002): copies may fall into training and test, and the score be too good',
  ]);
  const parts = [
    part('train', sound()),
    part('test', [...sound(600).map(r => ({ ...r, text: `t ${r.text}` })), twice[0]!]),
  ];
  assert.deepEqual(worse(parts), [
    'serious: 1 row of the test file with a text of the train file (test.csv:602): the score will be too good',
  ]);
});

test('empty texts, constant columns, columns that count, rare classes and small parts are warned about', () => {
  const rows = sound(40).map((row, i) => ({ ...row, nr: String(i + 1), lang: 'de' }));
  const small = [...rows, { text: ' ', nr: '', lang: '', kind: 'Konto' }];
  const told = worse([part('train', small)], formOf([...kinds, 'Konto'], ['text']));
  assert.deepEqual(told, [
    'warning: the class "Konto" has 1 row to learn from: give it more, or leave it out',
    'warning: 1 row without any text: train.csv:42; remove them',
    'warning: the test set has 4 rows: a score may be off by 49 points either way, and methods nearer than that cannot be told apart',
  ]);
  assert.deepEqual(worse([part('train', rows)], formOf(kinds, ['text', 'nr', 'lang'])).slice(0, 2), [
    'warning: the column "nr" only numbers the rows: leave it out',
    'warning: the column "lang" holds the same in every row: leave it out',
  ]);
  assert.ok(worse([part('train', sound(2))]).includes('error: no row is left for the train set: give more rows'));
});

test('free-text answers that are numbers with decimal commas are most likely meant as numbers', () => {
  const commas = sound().map((row, i) => ({ ...row, kind: `${i % 50},5` }));
  assert.match(worse([part('train', commas)], formOf(undefined)).join(), /serious: .*decimal commas, for example 0,5/);
  assert.deepEqual(worse([part('train', sound())], formOf(undefined)), []);
});

test('a table without names of columns is told, and one with them is not', () => {
  const form = { ...formOf(['good', 'bad'], ['the soup was cold']), label: 'good' };
  const rows = sound().map((_, i) => ({
    '17': String(i),
    'the soup was cold': `meal number ${i}`,
    good: i % 2 === 0 ? 'good' : 'bad',
  }));
  assert.ok(
    worse([part('train', rows)], form)[0]!.startsWith(
      'serious: the first line of train.csv looks like a row, not like names of columns ("17", "good"): write names',
    ),
  );
  const text = 'I have waited for two weeks and nothing has come of it';
  const long = sound().map(({ kind }, i) => ({ [text]: `${text}, number ${i}`, kind }));
  assert.match(worse([part('train', long)], formOf(kinds, [text]))[0]!, /looks like a row/);
  // pandas numbers what nobody has named; years name columns; one class may be called as its column.
  const numbered = sound().map(({ text, kind }, i) => ({ '0': String(i), '1': text, '2': kind }));
  assert.deepEqual(worse([part('train', numbered)], { ...formOf(kinds, ['1']), label: '2' }), []);
  const years = sound().map((row, i) => ({ ...row, '2019': String(i) }));
  assert.deepEqual(worse([part('train', years)]), []);
});
