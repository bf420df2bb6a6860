import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { before, test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf, type Output } from '../../src/cli/command.ts';
import { predict } from '../../src/cli/commands/predict-command.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { readRows } from '../../src/data/rows/read-rows.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import type { AnsweredInput } from '../../src/jobs/predict-job.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
const run = join(space.folder, 'run');

before(async () => {
  const args = ['train', '--method', 'lora', '--model', tinyModel, '--task', space.task, '--lr', '0.01', '--out', run];
  const { exitCode, stderr } = await runCli(args, space.folder);
  assert.equal(exitCode, 0, stderr);
});

function ask(
  args: readonly string[],
  { stdin = Readable.from([]) as Readable, signal = new AbortController().signal } = {},
) {
  const given = parseArguments([run, ...args], { ...argsOf(predict), json: { type: 'boolean', description: '' } });
  return predict.run(given, { catalogue: builtIn, colour: false, stdin, signal });
}

async function linesOf({ stream, lines }: Output): Promise<string[]> {
  const found: string[] = [];
  for await (const line of stream ?? []) found.push(line);
  return [...found, ...lines];
}

test('one text: its label with what it stands for, the probability, the time', async () => {
  const [line, ...more] = await linesOf(await ask(['a good film, number 1']));
  assert.match(line!, /^(good \(1\)|bad \(0\)) {2}\d+\.\d % {2}\d+\.\d ms {2}film: a good film, number 1$/);
  assert.deepEqual(more, []);
  const { document } = await ask(['{"text": "a good film, number 1"}', '--json']);
  const [answer] = (document as { predictions: AnsweredInput[] }).predictions;
  assert.equal(answer!.source, 'film: a good film, number 1');
  assert.equal(`${answer!.label} (${answer!.answer})`, line!.split('  ')[0]);
});

test('a file and standard input give the same lines, in their order', async () => {
  const rows = readFileSync(join(space.folder, 'films', 'test.jsonl'), 'utf8');
  const fromFile = await linesOf(await ask(['--file', join(space.folder, 'films', 'test.jsonl'), '--jsonl']));
  const fromInput = await linesOf(await ask(['--jsonl', '--batch-size', '3'], { stdin: Readable.from([rows]) }));
  const read = (lines: string[]) => lines.map(line => JSON.parse(line) as AnsweredInput);
  assert.deepEqual(
    read(fromFile).map(({ line, source }) => [line, source]),
    rows
      .trim()
      .split('\n')
      .map((row, i) => [i + 1, `film: ${(JSON.parse(row) as { text: string }).text}`]),
  );
  for (const [i, answer] of read(fromInput).entries()) {
    const other = read(fromFile)[i]!;
    assert.deepEqual([answer.line, answer.label], [other.line, other.label]);
    assert.ok(Math.abs(answer.probability! - other.probability!) < 1e-5);
  }
});

test('standard input that stays open is answered line by line, and an abort ends the wait', async () => {
  const stdin = new PassThrough();
  const controller = new AbortController();
  const { stream } = await ask([], { stdin, signal: controller.signal });
  const lines = stream![Symbol.asyncIterator]();
  for (const text of ['one', 'two']) {
    stdin.write(`${text}\n`);
    assert.ok(String((await lines.next()).value).endsWith(`film: ${text}`));
  }
  const waiting = lines.next();
  controller.abort();
  await assert.rejects(waiting, InterruptedError);
});

test('a real process answers a pipe', async () => {
  writeFileSync(join(space.folder, 'asked.txt'), 'a bad film\n\na good film\n');
  const { exitCode, stdout, stderr } = await runCli(['predict', run, '--file', 'asked.txt'], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^\S+ \(\d\) .*film: a bad film\n\S+ \(\d\) .*film: a good film\n$/);
});

test('what is wrong is told: no run, a missing field, two inputs at once', async () => {
  const { exitCode, stderr } = await runCli(['predict', space.folder, 'a film'], space.folder);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^error: .*holds no run.*\n→ .*\n$/);
  await assert.rejects(async () => linesOf(await ask(['{"words": "a film"}'])), /the text:1: no column "text"/);
  await assert.rejects(ask(['a film', '--file', 'asked.txt']), InputError);
});

const output = async (args: readonly string[]) => ({ lines: await linesOf(await ask(args)), folder: space.folder });

test('a csv keeps its ids and columns, and gets what the model says of each row', async () => {
  const asked = join(space.folder, 'asked.csv');
  const out = join(space.folder, 'answers.csv');
  writeFileSync(asked, 'id,text,prediction\n7,"a good film, number 1",x\n8,,y\n9,a bad film,z\n');
  const { lines } = await output(['--file', asked, '--out', out]);
  assert.deepEqual(lines, [`wrote ${out}: 3 rows`]);
  const rows = await readRows(out);
  assert.deepEqual(Object.keys(rows[0]!.fields), [
    ...['id', 'text', 'prediction'],
    ...['prediction 2', 'answer', 'probability', 'p(bad)', 'p(good)', 'cut'],
  ]);
  assert.deepEqual(
    rows.map(({ fields }) => [fields.id, fields.prediction]),
    [
      ['7', 'x'],
      ['8', 'y'],
      ['9', 'z'],
    ],
  );
  const [first, empty] = rows.map(({ fields }) => fields);
  assert.ok(Math.abs(Number(first!['p(bad)']) + Number(first!['p(good)']) - 1) < 1e-6);
  assert.equal(first!['prediction 2'], Number(first!['p(bad)']) > 0.5 ? 'bad' : 'good');
  assert.deepEqual([empty!['prediction 2'], empty!.probability, empty!['p(bad)']], ['', '', '']);
  assert.deepEqual(
    await linesOf(await ask(['--file', asked, '--format', 'csv'])),
    readFileSync(out, 'utf8').trim().split('\n'),
  );
});

test('answers do not take the place of what is asked', async () => {
  const file = join(space.folder, 'asked-here.csv');
  writeFileSync(file, 'text\nGood.\n');
  const { exitCode, stderr } = await runCli(
    ['predict', run, '--file', file, '--out', `./asked-here.csv`],
    space.folder,
  );
  assert.equal(exitCode, 2);
  assert.match(stderr, /--out: the answers would take the place of what is asked/);
  assert.equal(readFileSync(file, 'utf8'), 'text\nGood.\n');
});

test('a csv is written as the one that was asked: separator, decimal commas, first bytes', async () => {
  const asked = join(space.folder, 'german.csv');
  const out = join(space.folder, 'german-answers.csv');
  const rows = ['7;"gut; sehr gut";1.234,50;1.000', '8;a good film;-0,5;2.000', '9;;;3.000'];
  writeFileSync(asked, `\uFEFFsep=;\r\nid;text;Preis;Nr.\r\n${rows.join('\r\n')}\r\n`);
  await output(['--file', asked, '--out', out]);
  const [first, header, ...lines] = readFileSync(out, 'utf8').trim().split(/\r?\n/);
  assert.equal(first, 'sep=;');
  assert.ok(readFileSync(out, 'utf8').startsWith('\uFEFFsep=;\r\nid;'));
  assert.equal(header, 'id;text;Preis;Nr.;prediction;answer;probability;p(bad);p(good);cut');
  for (const [i, line] of lines.entries()) assert.ok(line.startsWith(`${rows[i]};`), line);
  assert.match(lines[0]!, /;(good|bad);[01];(0,\d+(e-\d+)?;?){3}/);
  // What reads the one reads the other, to the same numbers.
  const back = await readRows(out);
  assert.deepEqual(
    back.map(({ fields }) => fields.Preis),
    ['1234.50', '-0.5', ''],
  );
  const sums = back.slice(0, 2).map(({ fields }) => Number(fields['p(bad)']) + Number(fields['p(good)']));
  assert.ok(sums.every(sum => Math.abs(sum - 1) < 1e-6));
  // Programs read json: points.
  const [json] = await linesOf(await ask(['--file', asked, '--jsonl']));
  assert.equal((JSON.parse(json!) as AnsweredInput).row!.Preis, '1234.50');
  assert.ok(!json!.includes('written'));
  writeFileSync(asked, 'text\tid\na film\t1,5\n');
  await output(['--file', asked, '--out', out]);
  assert.match(readFileSync(out, 'utf8'), /^text\tid\tprediction\t.*\na film\t1,5\t/);
});

test('json lines hold the row; a row without a text is told, not answered', async () => {
  const told: string[] = [];
  const asked = join(space.folder, 'rows.jsonl');
  writeFileSync(asked, '{"text": " ", "id": 1}\n{"text": "a film", "id": {"a": 2}, "label": "bad"}\n');
  const given = parseArguments([run, '--file', asked, '--format', 'jsonl'], argsOf(predict));
  const onEvent = (event: JobEvent) => event.type === 'warning' && told.push(event.text);
  const lines = await linesOf(await predict.run(given, { catalogue: builtIn, colour: false, onEvent }));
  const [empty, answered] = lines.map(line => JSON.parse(line) as AnsweredInput);
  assert.deepEqual([empty!.answer, empty!.label, empty!.row], [null, undefined, { text: ' ', id: 1 }]);
  assert.deepEqual(answered!.row, { text: 'a film', id: { a: 2 }, label: 'bad' });
  assert.deepEqual(Object.keys(answered!.probabilities!), ['bad', 'good']);
  assert.deepEqual(told, ['the input of line 1 holds no text and was not answered']);
});

test('texts that are cut are told, each and how many', async () => {
  const told: string[] = [];
  const given = parseArguments([run, 'a very long film indeed', '--max-length', '4', '--json'], {
    ...argsOf(predict),
    json: { type: 'boolean', description: '' },
  });
  const onEvent = (event: JobEvent) => event.type === 'warning' && told.push(event.text);
  const { document } = await predict.run(given, { catalogue: builtIn, colour: false, onEvent });
  assert.ok((document as { predictions: AnsweredInput[] }).predictions[0]!.cut! > 0);
  assert.match(told.join(), /1 of 1 texts are longer than the model reads and were cut/);
});

test('a format that nothing says is refused', async () => {
  await assert.rejects(ask(['a film', '--out', join(space.folder, 'x.xlsx')]), { code: 'unknown-value' });
  await assert.rejects(ask(['a film', '--format', 'xml']), /there is no format `xml`/);
});

test('a table without a header line is asked as the run was trained on it, with its label and without', async () => {
  const columns = join(space.folder, 'columns.yaml');
  writeFileSync(
    columns,
    "name: films\ncolumns: [text, label]\ntemplate: 'film: {text}'\nlabel: label\nlabels: { bad: '0', good: '1' }\nmetric: accuracy\nfiles: { train: none.tsv }\n",
  );
  const sources = async (content: string) => {
    const asked = join(space.folder, 'bare.tsv');
    writeFileSync(asked, content);
    const lines = await linesOf(await ask(['--file', asked, '--task', columns, '--format', 'jsonl']));
    return lines.map(line => (JSON.parse(line) as AnsweredInput).source);
  };
  const both = ['film: a film', 'film: a bad film'];
  assert.deepEqual(await sources('a film\tgood\na bad film\tbad\n'), both);
  assert.deepEqual(await sources('a film\na bad film\n'), both);
  assert.deepEqual(await sources('id\ttext\n1\ta film\n2\ta bad film\n'), both);
});

test('the files of benchmarks are asked in every form that they come in', async () => {
  const folder = await mkdtemp(join(tmpdir(), 's3delta-forms-'));
  const paragraph = {
    text: 'One. Two.',
    questions: [{ idx: 3, question: 'Why?', answers: [{ text: 'a' }, { text: 'b' }] }],
  };
  const passage = {
    text: 'Ann met Bob.',
    entities: [
      { start: 0, end: 2 },
      { start: 8, end: 10 },
    ],
  };
  const files: readonly (readonly [task: string, file: string, content: string, sources: readonly string[]])[] = [
    ['cola', 'dev.tsv', 'gj04\t1\t\tA man sleeps.\n', ['cola sentence: A man sleeps.']],
    ['cola', 'test.tsv', 'index\tsentence\n0\tA man sleeps.\n', ['cola sentence: A man sleeps.']],
    [
      'mrpc',
      'msr.tsv',
      '\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tOne.\tTwo.\n',
      ['mrpc sentence1: One. sentence2: Two.'],
    ],
    [
      'multirc',
      'val.jsonl',
      `${JSON.stringify({ idx: 0, passage: paragraph })}\n`,
      ['a', 'b'].map(answer => `superglue-multirc question: Why? answer: ${answer} paragraph: One. Two.`),
    ],
    [
      'record',
      'val.jsonl',
      `${JSON.stringify({ passage, qas: [{ query: '@placeholder smiled.' }] })}\n`,
      ['superglue-record record query: @placeholder smiled. entities: Ann, Bob passage: Ann met Bob.'],
    ],
  ];
  for (const [name, file, content, sources] of files) {
    writeFileSync(join(folder, file), content);
    const lines = await linesOf(await ask(['--file', join(folder, file), '--task', name, '--format', 'jsonl']));
    assert.deepEqual(
      lines.map(line => (JSON.parse(line) as AnsweredInput).source),
      sources,
      name,
    );
  }
});
