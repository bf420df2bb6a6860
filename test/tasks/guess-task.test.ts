import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { InputError } from '../../src/core/errors.ts';
import type { Row } from '../../src/data/rows/row.ts';
import { loadCustomTask } from '../../src/tasks/custom/custom-task.ts';
import { draftTask, guessTask } from '../../src/tasks/custom/guess-task.ts';

const rowsOf = (records: readonly Record<string, unknown>[]): Row[] =>
  records.map((fields, i) => ({ file: 'x.jsonl', line: i + 1, fields }));
const folder = () => mkdtempSync(join(tmpdir(), 's3delta-guess-'));

const reviews = rowsOf([
  { id: 1, text: 'fine', stars: 5, sentiment: 'positive' },
  { id: 2, text: 'dull', stars: 1, sentiment: 'negative' },
  { id: 3, text: 'good', stars: 4, sentiment: 'positive' },
  { id: 4, text: 'bad', stars: 2, sentiment: 'negative' },
]);

test('a column named like a label is one, ids and numbers are no text, the positive label comes last', () => {
  assert.deepEqual(guessTask('films/reviews.csv', reviews), {
    name: 'reviews',
    fields: ['text'],
    label: 'sentiment',
    labels: ['negative', 'positive'],
    longestAnswer: 8,
    metric: 'accuracy',
    files: { train: 'reviews.csv' },
  });
});

test('without such a name the label is the column with the fewest values; a given one wins', () => {
  const rows = rowsOf(['a', 'b', 'c', 'd'].map((text, i) => ({ text, mood: i % 2 === 0 ? 'yes' : 'no', kind: i })));
  assert.deepEqual(guessTask('x.csv', rows).labels, ['no', 'yes']);
  assert.equal(guessTask('x.csv', rows).label, 'mood');
  const given = guessTask('x.csv', rows, 'kind');
  assert.deepEqual([given.label, given.labels, given.fields], ['kind', ['0', '1', '2', '3'], ['text', 'mood']]);
});

test('a column of amounts is not taken for the label while there is another', () => {
  const rows = rowsOf(
    ['a', 'b', 'c', 'a', 'b', 'c', 'd', 'd'].map((team, i) => ({
      text: `t${i}`,
      price: i % 2 === 0 ? 7.99 : '12.50',
      team,
    })),
  );
  assert.equal(guessTask('x.csv', rows).label, 'team');
  const priced = rows.map(row => ({ ...row, fields: { text: row.fields.text, price: row.fields.price } }));
  assert.equal(guessTask('x.csv', priced).label, 'price');
});

test('many numbers are a scale, many texts are free text', () => {
  const scale = rowsOf(Array.from({ length: 40 }, (_, i) => ({ text: `t${i}`, label: i / 8 })));
  const free = rowsOf(Array.from({ length: 40 }, (_, i) => ({ text: `t${i}`, answer: `a${i}` })));
  assert.deepEqual([guessTask('x.csv', scale).metric, guessTask('x.csv', scale).labels], ['pearson', undefined]);
  assert.deepEqual([guessTask('x.csv', free).metric, guessTask('x.csv', free).labels], ['accuracy', undefined]);
});

test('validation and test files beside a training file are found, and the task is named after their folder', () => {
  const place = folder();
  for (const name of ['train.csv', 'dev.csv', 'test.csv']) writeFileSync(join(place, name), '');
  const { name, files } = guessTask(join(place, 'train.csv'), reviews);
  assert.deepEqual(files, { train: 'train.csv', validation: 'dev.csv', test: 'test.csv' });
  assert.equal(name, basename(place));
});

test('null is no answer: the row is named, and a column with gaps is not taken for the label', () => {
  const record = (i: number) => ({
    text: `text ${i}`,
    mood: i % 2 === 0 ? 'up' : 'down',
    kind: i % 3 === 0 ? 'a' : null,
  });
  const rows = rowsOf(Array.from({ length: 12 }, (_, i) => record(i)));
  const { label, fields } = guessTask('x.jsonl', rows);
  assert.deepEqual([label, fields], ['mood', ['text']]);
  for (const nothing of [null, '', Number.NaN]) {
    const gap = rows.map((row, i) => (i === 5 ? { ...row, fields: { ...row.fields, text: nothing } } : row));
    assert.deepEqual(guessTask('x.jsonl', gap, 'mood').fields, ['text'], String(nothing));
  }
  for (const missing of [null, '', ' ', Number.NaN, [], undefined]) {
    const named = rowsOf([
      { text: 'a', label: 'yes' },
      { text: 'b', label: missing },
      { text: 'c', label: 'no' },
    ]);
    assert.throws(
      () => guessTask('x.jsonl', named),
      (error: InputError) =>
        error instanceof InputError && error.where === 'x.jsonl:2' && /--label/.test(error.remedy!),
    );
  }
});

test('every right answer of a list is one of the labels', () => {
  const rows = rowsOf([
    { text: 'a', label: ['x', 'y'] },
    { text: 'b', label: ['y'] },
  ]);
  assert.deepEqual(guessTask('x.jsonl', rows).labels, ['x', 'y']);
});

test('what cannot be guessed is said', () => {
  const unlabelled = rowsOf([{ a: 'x', b: 'y' }]);
  for (const guess of [
    () => guessTask('x.csv', unlabelled),
    () => guessTask('x.csv', reviews, 'mood'),
    () => guessTask('x.csv', rowsOf([{ label: 'a' }, { label: 'b' }])),
  ]) {
    assert.throws(
      guess,
      (error: InputError) => error instanceof InputError && error.where === 'x.csv' && !!error.remedy,
    );
  }
});

test('a name that YAML would take for something else is drafted as a string', () => {
  for (const name of ['2024', 'true', 'null', '1e3', '-']) {
    const draft = draftTask({ ...guessTask('x.csv', reviews), name }, 'x.task.yaml');
    assert.equal((parse(draft) as { name: unknown }).name, name);
  }
});

test('the file that is drafted is read back as the task that was guessed, whatever the columns and labels are called', async () => {
  const path = join(folder(), 'task.yaml');
  const word = fc.string({ minLength: 1, maxLength: 8 }).filter(text => !/[{}]/.test(text) && text !== '__proto__');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(word, { minLength: 2, maxLength: 4 }),
      fc.uniqueArray(
        word.filter(text => text.trim() !== ''),
        { minLength: 2, maxLength: 14 },
      ),
      async ([label, ...fields], labels) => {
        const record = (answer: string) => ({
          ...Object.fromEntries(fields.map(name => [name, 'some text'])),
          [label!]: answer,
        });
        const guess = guessTask('own.jsonl', rowsOf(labels.map(record)), label);
        writeFileSync(path, draftTask(guess, path));
        const task = await loadCustomTask(path);
        assert.equal(task.name, 'own');
        assert.deepEqual([...task.labels!].length, labels.length);
        assert.deepEqual(task.labels!.toSorted(), labels.toSorted());
        assert.ok(
          task.segments!(
            () => 'some text',
            () => [],
          )[0]!.text.endsWith('some text'),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('numbers with decimal commas are refused, not learnt as texts', () => {
  const rows = rowsOf(Array.from({ length: 30 }, (_, i) => ({ text: `t ${i}`, score: `${i},5` })));
  assert.throws(() => guessTask('x.csv', rows, 'score'), { code: 'untrainable-data', message: /for example 0,5/ });
  const words = rowsOf([...rows.map(({ fields }) => fields), { text: 't', score: 'one' }]);
  assert.equal(guessTask('x.csv', words, 'score').metric, 'accuracy');
});

test('a draft names the other metrics that fit its answers', () => {
  const draft = (answers: readonly (string | number)[]) =>
    draftTask(guessTask('x.csv', rowsOf(answers.map((label, i) => ({ text: `t ${i}`, label }))), 'label'), 'x.yaml');
  assert.match(draft(['yes', 'no', 'no']), /^metric: accuracy # or f1, macro-f1, matthews, exact-match/m);
  assert.doesNotMatch(draft(['a', 'b', 'c']), /matthews/);
  assert.match(
    draft(Array.from({ length: 30 }, (_, i) => i / 2)),
    /^metric: pearson # or spearman, pearson-spearman$/m,
  );
});
