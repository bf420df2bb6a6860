import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { InputError } from '../../src/core/errors.ts';
import { oneDecimal } from '../../src/models/t5/t5-codec.ts';
import { loadTask } from '../../src/tasks/tasks.ts';
import { writeFiles } from './write-files.ts';
import { loadWritten } from './written.ts';

const hub = fileURLToPath(new URL('../fixtures/parquet', import.meta.url));

const load = async (name: string, folder: string) => {
  const { train, validation } = await loadWritten(await loadTask(name), folder);
  return { train, validation, targets: train.map(({ target }) => target).join('') };
};

async function refused(name: string, folder: string, message: RegExp, remedy: RegExp): Promise<void> {
  await assert.rejects(load(name, folder), (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    assert.match(error.remedy!, remedy);
    return true;
  });
}

test("the Hub's Parquet files: several shards, class numbers, the folders of a data set and of one task", async () => {
  for (const folder of [hub, join(hub, 'glue'), join(hub, 'glue', 'rte')]) {
    const { train, targets, validation } = await load('rte', folder);
    assert.equal(targets, '011010');
    assert.equal(train[5]!.source, 'rte sentence1: The well holds water, bucket 5. sentence2: Bucket 5 is wet.');
    assert.deepEqual(
      train.map(({ line }) => line),
      [1, 2, 3, 4, 1, 2],
    );
    assert.equal(validation.length, 6);
  }
  assert.equal((await load('mnli', hub)).targets, '012210');
  const mnli = (await load('mnli', hub)).validation[0]!;
  assert.equal(mnli.source, 'mnli premise: The well holds water, bucket 0. hypothesis Bucket 0 is wet.');
  const scores = (await load('stsb', hub)).train.map(({ target }) => target);
  assert.deepEqual(scores, ['2.2', '2.8', '3.4', '0.0', '5.0', '4.1']);
});

test("the Hub's SuperGLUE: no training set, nested indices, lists of answers", async () => {
  const boolq = await load('boolq', hub);
  assert.deepEqual([boolq.train.length, boolq.validation.map(({ target }) => target).join('')], [0, '1010']);
  const { train } = await load('multirc', hub);
  assert.deepEqual(
    train.map(({ group, target }) => `${group}${target}`),
    ['01', '00', '00', '11', '10', '11'],
  );
  assert.equal(
    train[1]!.source,
    'superglue-multirc question: When? answer: now paragraph: Sent 1: It rained. It stopped.',
  );
  assert.match(train[4]!.source, /answer: x < y paragraph/);
  const record = await load('record', hub);
  assert.deepEqual(
    record.validation.map(({ answers }) => answers),
    [['Ann'], ['Bob', 'the Bob'], ['Bob']],
  );
  assert.equal(
    record.train[0]!.source,
    'superglue-record record query: @placeholder met Bob entities: Ann, Bob passage: Ann met Bob. They talked. Bob left',
  );
});

test('a label encoding that is not the usual one is followed by its names, or refused', async () => {
  assert.equal((await load('rte', join(hub, 'rte-turned'))).targets, '100101');
  const known = /the labels are 0, entailment, 1, not_entailment/;
  await refused('rte', join(hub, 'rte-words'), /train\.parquet:1: the label "yes" is not one of the task's/, known);
  await refused('rte', join(hub, 'rte-names'), /train\.parquet:1: the label "yes" is not/, known);
  await refused('rte', join(hub, 'rte-range'), /train\.parquet:3: the label "2" is not/, known);
  await refused('rte', join(hub, 'rte-floats'), /train\.parquet:3: the label "0.5" is not/, known);
  await refused('rte', join(hub, 'rte-unlabelled'), /train\.parquet:1: the row has no label: it is -1/, /with labels/);
});

test('a cut-off file, a missing column and a missing part are refused', async t => {
  const file = await readFile(join(hub, 'glue/rte/validation-00000-of-00001.parquet'));
  const where = await writeFiles(t, { 'train.parquet': file.subarray(0, 900), 'validation.parquet': file });
  await refused('rte', where, /train\.parquet: this is no Parquet file, or its end is missing/, /cut off/);
  await refused(
    'mrpc',
    join(hub, 'super_glue/boolq'),
    /\.parquet:1: no column "sentence1" or "#1 String"/,
    /"passage"/,
  );
  const half = await writeFiles(t, { 'train.parquet': file });
  await refused('rte', half, /validation\.parquet: no such file: the validation set/, /beside the training set/);
  await refused('cb', half, /no such file: the validation set of SuperGLUE's CB is missing/, /beside/);
  await refused('cb', join(half, 'none'), /no data of SuperGLUE's CB here/, /train\.jsonl and val\.jsonl/);
});

test('a stray quote in a tsv swallows nothing', async t => {
  const content =
    'index\tsentence1\tsentence2\tlabel\n0\t"It rains.\tWet.\tentailment\n1\tIt"s dry.\t"Dry."\tnot_entailment\n';
  const where = await writeFiles(t, { 'RTE/train.tsv': content, 'RTE/dev.tsv': content });
  const { train } = await load('rte', where);
  assert.deepEqual(
    train.map(({ source }) => source),
    ['rte sentence1: "It rains. sentence2: Wet.', 'rte sentence1: It"s dry. sentence2: "Dry."'],
  );
});

test("the official files' other columns: QQP with its broken lines, MNLI's gold label, STS-B's score", async t => {
  const qqp =
    'id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\tWhy?\tWhy so?\t1\n4\t5\tbroken\n6\t7\t8\tA?\tB?\t0\n';
  const mnli = 'index\tgenre\tsentence1\tsentence2\tlabel1\tgold_label\n0\tg\tA.\tB.\tneutral\tcontradiction\n';
  const stsb = 'index\tsentence1\tsentence2\tscore\n0\tA.\tB.\t2.750\n';
  const files = { 'QQP/train.tsv': qqp, 'QQP/dev.tsv': qqp, 'MNLI/train.tsv': mnli, 'MNLI/dev_matched.tsv': mnli };
  const where = await writeFiles(t, { ...files, 'STS-B/train.tsv': stsb, 'STS-B/dev.tsv': stsb });
  const { train, targets } = await load('qqp', where);
  assert.equal(targets, '10');
  assert.deepEqual([train[1]!.source, train[1]!.line], ['qqp question1: A? question2: B?', 4]);
  assert.equal((await load('mnli', where)).targets, '2');
  assert.deepEqual((await load('stsb', where)).train[0]!.target, '2.8');
  const wrong = await writeFiles(t, { 'STS-B/train.tsv': stsb.replace('2.750', 'much'), 'STS-B/dev.tsv': stsb });
  await refused('stsb', wrong, /train\.tsv:2: the label "much" is not a number from 0 to 5/, /scores/);
  for (const score of ['5.1', '-0.1', 'NaN', '1e9']) {
    const bad = await writeFiles(t, { 'STS-B/train.tsv': stsb.replace('2.750', score), 'STS-B/dev.tsv': stsb });
    await refused('stsb', bad, /is not a number from 0 to 5/, /scores/);
  }
  const gap = await writeFiles(t, { 'STS-B/train.tsv': stsb.replace('2.750', ' '), 'STS-B/dev.tsv': stsb });
  await refused('stsb', gap, /train\.tsv:2: the row has no answer in "label"/, /remove the row/);
});

test('scores are rounded to one decimal, halves to the even digit', () => {
  const rounded = ['2.25', '2.75', '0.05', '3.35', '4.949', '4.95', '5', '0', '1e0', '0.25', '4.750'].map(score =>
    oneDecimal(Number(score)),
  );
  assert.deepEqual(rounded, ['2.2', '2.8', '0.1', '3.4', '4.9', '5.0', '5.0', '0.0', '1.0', '0.2', '4.8']);
});

const recordLine = (answers: unknown, text = 'Ann 🙂 met Bob.\n@highlight\nBob left') =>
  JSON.stringify({
    passage: {
      text,
      entities: [
        { start: 10, end: 12 },
        { start: 0, end: 2 },
        { start: 26, end: 28 },
      ],
    },
    qas: [{ query: '@placeholder left', answers, idx: 0 }],
  });

test('ReCoRD: positions count code points, entities stand once in the order of the passage', async t => {
  const line = recordLine([{ text: 'Bob' }, { text: 'Robert' }, { text: 'Bob' }]);
  const where = await writeFiles(t, { 'ReCoRD/train.jsonl': line, 'ReCoRD/val.jsonl': line });
  const { validation } = await load('record', where);
  assert.deepEqual(validation, [
    {
      source: 'superglue-record record query: @placeholder left entities: Ann, Bob passage: Ann 🙂 met Bob. Bob left',
      target: 'Bob',
      answers: ['Bob', 'Robert'],
      line: 1,
    },
  ]);
});

test('ReCoRD: a row without answers, and one of another form, are refused with file and line', async t => {
  const good = recordLine([{ text: 'Bob' }]);
  for (const [bad, message] of [
    [recordLine([]), /val\.jsonl:2: the row has no answer in "answers": it is empty/],
    [recordLine(undefined), /val\.jsonl:2: the row has no answer/],
    [recordLine('Bob'), /val\.jsonl:2: `qas\.0\.answers`/],
    ['{"passage": "text"}', /val\.jsonl:2: `passage`/],
  ] as const) {
    const where = await writeFiles(t, { 'train.jsonl': good, 'val.jsonl': `${good}\n${bad}\n` });
    await refused('record', where, message, /remove the row|download/);
  }
  await refused('record', join(hub, 'record-unanswered'), /validation\.parquet:2: the row has no answer/, /remove/);
});

test('MultiRC: a row an answer; test rows have no label', async t => {
  const line = (answers: object[]) =>
    JSON.stringify({ idx: 0, passage: { text: 'P.', questions: [{ idx: 7, question: 'Q?', answers }] } });
  const labelled = line([
    { text: 'a', label: 0, idx: 0 },
    { text: 'b', label: 1, idx: 1 },
  ]);
  const where = await writeFiles(t, { 'train.jsonl': labelled, 'val.jsonl': line([{ text: 'a' }]) });
  await refused('multirc', where, /val\.jsonl:1: the row has no label/, /with labels/);
  const whole = await writeFiles(t, { 'train.jsonl': labelled, 'val.jsonl': labelled });
  assert.deepEqual((await load('multirc', whole)).train, [
    { source: 'superglue-multirc question: Q? answer: a paragraph: P.', target: '0', group: '7', line: 1 },
    { source: 'superglue-multirc question: Q? answer: b paragraph: P.', target: '1', group: '7', line: 1 },
  ]);
});

test('a task of one’s own reads Parquet, shards named by a pattern, fields of structs, and lists of answers', async t => {
  const yaml = (template: string) =>
    stringify({
      name: 'mine',
      template,
      label: 'answers',
      metric: 'token-f1',
      files: { train: 'data/train-*.parquet', validation: 'rows.jsonl' },
    });
  const rows = '{"query": "q", "answers": ["x", "y"], "idx": {"paragraph": 3}}\n';
  const folder = await writeFiles(t, {
    'task.yaml': yaml('mine: {query}'),
    'nested.yaml': yaml('mine {idx.paragraph}').replace('data/train-*.parquet', 'rows.jsonl'),
    'rows.jsonl': rows,
  });
  const task = await loadTask(join(folder, 'task.yaml'));
  await assert.rejects(task.load(folder), /train-\*\.parquet: no such file/);
  const shard = await readFile(join(hub, 'super_glue/record/train-00000-of-00001.parquet'));
  const elsewhere = await writeFiles(t, { 'data/train-0.parquet': shard, 'data/train-1.parquet': shard });
  assert.ok(task.find(elsewhere)?.endsWith('train-0.parquet'));
  assert.deepEqual([task.mayRead('data/train-1.parquet'), task.mayRead('train-1.parquet')], [true, false]);
  const { train } = await loadWritten(task, elsewhere);
  assert.equal(train.length, 6);
  assert.deepEqual(train[4], {
    source: 'mine: Ann met @placeholder',
    target: 'Bob',
    answers: ['Bob', 'the Bob'],
    line: 2,
  });
  const nested = await loadWritten(await loadTask(join(folder, 'nested.yaml')), '');
  assert.deepEqual(nested.train, [{ source: 'mine 3', target: 'x', answers: ['x', 'y'], line: 1 }]);
});
