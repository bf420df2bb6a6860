import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf } from '../../src/cli/command.ts';
import { check, init } from '../../src/cli/commands/init-commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { InputError } from '../../src/core/errors.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { writeFiles } from '../tasks/write-files.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const lookAt = (...args: string[]) =>
  check.run(parseArguments(args, argsOf(check)), { catalogue: builtIn, colour: false });
/** As Excel saves it in half of Europe. */
const table = (label: (i: number) => string) =>
  `\uFEFFNr;Text;Art\r\n${Array.from({ length: 60 }, (_, i) => `${i + 1};Frage ${i}, bitte;${label(i)}\r\n`).join('')}`;
const kinds = ['Rechnung', 'Versand'];
const misspelt = table(i => (i === 7 ? 'Rechnug' : kinds[i % 2]!));

test('a data file is looked over: what was chosen and why, what is doubtful', async t => {
  const folder = await writeFiles(t, { 'tickets.csv': misspelt });
  const { lines, exitCode } = await lookAt(join(folder, 'tickets.csv'));
  assert.deepEqual(lines.slice(0, 5), [
    `· the first line of ${folder}/tickets.csv is taken for the names of the columns: "Nr", "Text", "Art"`,
    '· the answers are in "Art": it has the fewest different values',
    '· the model reads "Text"',
    '· left out as numbers, lists, with gaps or without a name: "Nr"',
    `‼ the label "Rechnug" (1 of the 60 rows of the train file, ${folder}/tickets.csv:9): did you mean "Rechnung" (30 of them)? Then write it so there`,
  ]);
  assert.equal(exitCode, 0);
});

test('a task file that was made of misspelt labels is told, with the line that is to go', async t => {
  const folder = await writeFiles(t, { 'tickets.csv': misspelt });
  const [data, task] = [join(folder, 'tickets.csv'), join(folder, 'tickets.task.yaml')];
  const args = [
    join(folder, 's.yaml'),
    '--yes',
    '--model',
    tinyModel,
    '--task',
    data,
    '--budget',
    '500',
    '--label',
    'Art',
  ];
  await init.run(parseArguments(args, argsOf(init)), { catalogue: builtIn, colour: false });
  const line = readFileSync(task, 'utf8').split('\n').indexOf('  "Rechnug": "0"') + 1;
  const place = `remove "Rechnug" from \`labels\` (${task}:${line})`;
  for (const file of [data, task]) assert.ok((await lookAt(file)).lines.join('\n').includes(place), file);
  writeFileSync(
    data,
    table(i => kinds[i % 2]!),
  );
  const corrected = (await lookAt(data)).lines.join('\n');
  assert.ok(corrected.includes(`s3delta check ${task}`), corrected);
  const { lines } = await lookAt(task);
  const remedy = `! no row of the train file has the label "Rechnug": give it some, or remove it from \`labels\` (${task}:${line})`;
  assert.ok(lines.includes(remedy), lines.join('\n'));
  // It is exact: with that line gone nothing is said of it any more.
  writeFileSync(
    task,
    readFileSync(task, 'utf8')
      .split('\n')
      .toSpliced(line - 1, 1)
      .join('\n'),
  );
  assert.doesNotMatch((await lookAt(task)).lines.join('\n'), /Rechnug/);
});

test('what is not there, or no table, is told as that', async t => {
  const folder = await writeFiles(t, { 'table.ods': 'x' });
  const refusal = (message: RegExp) => (error: unknown) => error instanceof InputError && message.test(error.message);
  await assert.rejects(lookAt(join(folder, 'tickets')), refusal(/there is no such file/));
  await assert.rejects(lookAt(join(folder, 'table.ods')), refusal(/neither a task file nor a data file/));
});

test('a task file is looked over with all its files; what cannot be trained on ends it with 1', async t => {
  const folder = await writeFiles(t, {
    'train.csv': table(i => kinds[i % 2]!),
    'test.csv': misspelt,
    'task.yaml':
      'name: t\ntemplate: "{Text}"\nlabel: Art\nlabels: [Rechnung, Versand]\nmetric: accuracy\n' +
      'files: { train: train.csv, test: test.csv }\n',
  });
  const { lines, exitCode } = await lookAt(join(folder, 'task.yaml'));
  assert.equal(exitCode, 1);
  assert.match(
    lines.join('\n'),
    /✗ "Rechnug" \(1 of the 120 rows of all files, .*test\.csv:9\) is none of the labels: did you mean "Rechnung"\?/,
  );
  assert.match(lines.join('\n'), /‼ 60 of the 60 rows of the test file have a text that stands in the train file, too/);
  await assert.rejects(lookAt(join(folder, 'data.xlsx')), InputError);
});

test('init tells the same, asks about what is serious and refuses data of one answer', async t => {
  const folder = await writeFiles(t, { 'tickets.csv': misspelt, 'same.csv': table(() => 'Versand') });
  const run = async (data: string, extra: string[], answers: string[] = []) => {
    const told: string[] = [];
    const onEvent = (event: JobEvent) => event.type === 'message' && told.push(event.text);
    const ask = async (_: string, standard: string) => answers.shift() || standard;
    const args = [
      join(folder, 's.yaml'),
      '--model',
      tinyModel,
      '--task',
      join(folder, data),
      '--budget',
      '500',
      ...extra,
    ];
    await init.run(parseArguments(args, argsOf(init)), { catalogue: builtIn, colour: false, onEvent, ask });
    return told.join('\n');
  };
  await assert.rejects(run('tickets.csv', ['--label', 'Art'], ['no']), /the data are to be mended first/);
  await assert.rejects(run('same.csv', ['--label', 'Art', '--yes']), {
    code: 'untrainable-data',
    message: /"Versand"/,
  });
  assert.match(
    await run('tickets.csv', ['--yes']),
    /‼ the label "Rechnug" \(1 of the 60 rows .*did you mean "Rechnung"/,
  );
});

test('plan and train tell what the rows show and what is cut; it stands in the result and in the report', async () => {
  const { folder, task } = workspace();
  const train = readFileSync(join(folder, 'films', 'train.jsonl'), 'utf8');
  writeFileSync(join(folder, 'films', 'test.jsonl'), `${train.split('\n').slice(0, 8).join('\n')}\n`);
  const twins = /8 of the 8 rows of the test file have a text that stands in the train file, too/;
  const cut = /40 of 40 \(100 %\) texts are longer than the 6 tokens that are read.*"text" in 40/;
  const same = ['--model', tinyModel, '--task', task, '--max-length', '6'];
  const planned = await runCli(['plan', ...same, '--budget', '500', '--no-timing'], folder);
  assert.match(planned.stderr, twins);
  assert.match(planned.stderr, cut);
  const run = join(folder, 'run');
  const trained = await runCli(['train', ...same, '--method', 'lora', '--max-steps', '2', '--out', run], folder);
  assert.equal(trained.exitCode, 0, trained.stderr);
  assert.match(trained.stderr, /warning: most likely a mistake: 8 of the 8 rows of the test file/);
  assert.match(trained.stdout, twins);
  assert.match(trained.stdout, cut);
  const { data } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as { data: RunResult['data'] };
  assert.deepEqual([data!.findings![0]!.severity, twins.test(data!.findings![0]!.text)], ['serious', true]);
  assert.ok(data!.findings!.some(({ severity }) => severity === 'note'));
  assert.deepEqual([data!.inputs!.all, data!.inputs!.cut, data!.inputs!.sets.test], [40, 40, { all: 8, cut: 8 }]);
  for (const format of ['markdown', 'terminal']) {
    const report = await runCli(['report', run, '--format', format], folder);
    assert.match(report.stdout, twins);
    assert.match(report.stdout, cut);
  }
});
