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
    'note: classes of the 4,000 rows of the train file, before those of validation and test are drawn from them: Rechnung 2,000, Versand 2,000',
    'note: always answering "Rechnung" is right in 50.0 % of these: a run must beat that',
    'note: rows of the files: train 4,000; of the sets that a run makes of them: train 3,200, validation 400, test 400',
  ]);
});

test('a rare label that is like another is taken for misspelt; two usual ones are not', () => {
  const slips = [...sound(), { text: 'x', kind: 'Rechnug' }];
  assert.ok(
    worse([part('train', slips)], formOf([...kinds, 'Rechnug'])).includes(
      'serious: the label "Rechnug" (1 of the 4,001 rows of the train file, train.csv:4002): did you mean "Rechnung" (2,000 of them)? Then write it so there',
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
    'serious: the label "versand " (10 of the 4,010 rows of the train file, train.csv:4002, :4003, :4004 and 7 more) differs from "Versand" (2,000 of them) in blanks or case only: write them alike',
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
      'error: 1 of the 4,001 rows of the train file has no answer in "kind" (train.csv:4002): remove them or give them one',
    ]);
  }
  assert.deepEqual(worse([part('train', [...sound(), { text: 'x', kind: 'Versnad' }])]), [
    'error: "Versnad" (1 of the 4,001 rows of the train file, train.csv:4002) is none of the labels: did you mean "Versand"? Then write it so there; else add it to the task file\'s `labels`',
  ]);
  assert.deepEqual(worse([part('train', sound())], formOf(kinds, ['txt'])), ['error: no row has a column "txt"']);
});

test('copies within a file, across files, and with different answers are told with their places', () => {
  const twice = [...sound(), { text: 'ticket number 0', kind: 'Versand' }];
  assert.deepEqual(worse([part('train', twice)]), [
    'warning: 1 of the 4,000 different texts of the train file has more than one answer there, at train.csv:2, :4002',
    'warning: 1 of the 4,001 rows of the train file repeats a text of an earlier row (train.csv:4002 that of train.csv:2): sets are drawn from it, so copies may fall into two, and the score be too good',
  ]);
  const parts = [
    part('train', sound()),
    part('test', [...sound(600).map(r => ({ ...r, text: `t ${r.text}` })), twice[0]!]),
  ];
  assert.deepEqual(worse(parts), [
    'serious: 1 of the 601 rows of the test file has a text that stands in the train file, too (test.csv:602): the score will be too good',
  ]);
  // A copy is one in all that the model reads; of a file that no set is drawn from it only stands twice.
  assert.deepEqual(worse([part('train', [...sound(), ...sound(2)])], formOf(kinds, ['text', 'kind'])), [
    'warning: 2 of the 4,002 rows of the train file repeat texts ("text" and "kind" together) of an earlier row (for example train.csv:4002 that of train.csv:2): sets are drawn from it, so copies may fall into two, and the score be too good',
  ]);
  const others = sound(1000).map(row => ({ ...row, text: `v ${row.text}` }));
  assert.match(worse([part('train', [...sound(), ...sound(1)]), part('validation', others)]).join(), /: remove them$/);
});

test('what is to be changed in a task file is told by its line', () => {
  const lines = [...kinds, 'Rechnug'].map((label, i) => [label, `task.yaml:${i + 6}`] as const);
  const form = { ...formOf([...kinds, 'Rechnug']), labelPlaces: new Map(lines) };
  const slips = [...sound(), { text: 'x', kind: 'Rechnug' }];
  assert.match(
    worse([part('train', slips)], form)[0]!,
    /Then write it so there, then remove "Rechnug" from `labels` \(task\.yaml:8\)$/,
  );
  // The data are corrected, the task file is not yet.
  assert.deepEqual(worse([part('train', sound())], form), [
    'warning: no row of the train file has the label "Rechnug": give it some, or remove it from `labels` (task.yaml:8)',
  ]);
  const unknown = worse([part('train', [...sound(), { text: 'x', kind: 'Konto' }])], form)[0]!;
  assert.match(unknown, /is none of the labels: add it to the task file's `labels` \(after task\.yaml:8\)$/);
});

test('empty texts, constant columns, columns that count, rare classes and small parts are warned about', () => {
  const rows = sound(40).map((row, i) => ({ ...row, nr: String(i + 1), lang: 'de' }));
  const small = [...rows, { text: ' ', nr: '', lang: '', kind: 'Konto' }];
  const told = worse([part('train', small)], formOf([...kinds, 'Konto'], ['text']));
  assert.deepEqual(told, [
    'warning: 1 of the 41 rows of the train file has the label "Konto": give it more, or leave it out',
    'warning: 1 of the 41 rows of the train file has no text (train.csv:42): remove them',
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
  // Nothing below it is like it: what a first line says by itself is all there is to tell by.
  for (const name of ['The soup was cold.', '2024-05-01', 'https://a.example/b', 'me@a.example', 'He said "no".']) {
    const unlike = sound().map(({ text, kind }) => ({ [name]: text, kind }));
    assert.match(
      worse([part('train', unlike)], formOf(kinds, [name])).join(),
      /^warning: .* and may be a row \(/,
      name,
    );
  }
  const asked = sound().map(({ text, kind }) => ({ 'What did you like most about it?': text, 'v1.2': '', kind }));
  assert.deepEqual(worse([part('train', asked)], formOf(kinds, ['What did you like most about it?'])), []);
  // pandas numbers what nobody has named; years name columns; one class may be called as its column.
  const numbered = sound().map(({ text, kind }, i) => ({ '0': String(i), '1': text, '2': kind }));
  assert.deepEqual(worse([part('train', numbered)], { ...formOf(kinds, ['1']), label: '2' }), []);
  const years = sound().map((row, i) => ({ ...row, '2019': String(i) }));
  assert.deepEqual(worse([part('train', years)]), []);
});
