import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf } from '../../src/cli/command.ts';
import { evaluate, evaluationLines } from '../../src/cli/commands/evaluate-command.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { InputError } from '../../src/core/errors.ts';
import type { EvaluationOutcome } from '../../src/jobs/evaluate-job.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
const run = join(space.folder, 'run');
const path = (name: string) => join(space.folder, name);

before(async () => {
  const args = ['train', '--method', 'lora', '--model', tinyModel, '--task', space.task, '--lr', '0.01', '--out', run];
  const { exitCode, stderr } = await runCli(args, space.folder);
  assert.equal(exitCode, 0, stderr);
});

async function look(...args: string[]) {
  const told: string[] = [];
  const onEvent = (event: JobEvent) => event.type === 'warning' && told.push(event.text);
  const given = parseArguments([run, ...args], argsOf(evaluate));
  const { document, lines } = await evaluate.run(given, { catalogue: builtIn, colour: false, onEvent });
  return { outcome: document as EvaluationOutcome, lines, told };
}

test('a split is judged with an interval, the commonest label and each class', async () => {
  const { outcome, lines } = await look('--answers', 'choose');
  const { classes, majority } = outcome;
  const interval = outcome.interval!;
  assert.equal(outcome.examples, 8);
  assert.deepEqual([majority.answer, majority.score, interval.method], ['bad', 50, 'wilson']);
  assert.ok(interval.low <= outcome.score && outcome.score <= interval.high);
  assert.deepEqual(classes!.labels, ['bad', 'good']);
  assert.deepEqual(
    classes!.perClass.map(({ support }) => support),
    [4, 4],
  );
  const right = classes!.confusion[0]![0]! + classes!.confusion[1]![1]!;
  assert.equal(outcome.score, (100 * right) / 8);
  assert.match(lines[0]!, /^films on .*, test: accuracy \d+\.\d\d over 8 examples$/);
  assert.match(lines[1]!, /^95 % interval \d+\.\d\d to \d+\.\d\d \(Wilson's\)$/);
  assert.match(lines[2]!, /^always "bad", the training set's commonest answer, gets 50\.00/);
  assert.match(lines.join('\n'), /^class +precision +recall +F1 +examples$/m);
  assert.match(lines.join('\n'), /^macro mean +\d+\.\d\d$/m);
});

test('labels that differ in blanks alone are told apart', async () => {
  const { outcome } = await look('--answers', 'choose');
  const { classes } = outcome;
  const perClass = classes!.perClass.map((each, i) => ({ ...each, label: ['bad', 'bad '][i]! }));
  const lines = evaluationLines({ ...outcome, classes: { ...classes!, labels: ['bad', 'bad '], perClass } });
  for (const name of ['bad ', '"bad "'])
    assert.equal(lines.filter(line => line.startsWith(`${name} `)).length, 2, name);
  assert.match(lines.join('\n'), /^ +bad +"bad "$/m);
});

test('a labelled file is judged, whatever else it holds, without the data of the task', async () => {
  const rows = ['bad', 'good', 'bad', 'bad'].map((label, i) => `${i},2024,"a ${label} film, number ${i}",${label}`);
  writeFileSync(path('labelled.csv'), `id,year,text,label\n${rows.join('\n')}\n`);
  const train = join(space.folder, 'films', 'train.jsonl');
  const kept = rows.length;
  const { outcome, lines } = await look('--file', path('labelled.csv'), '--answers', 'choose');
  assert.deepEqual([outcome.split, outcome.examples, outcome.majority.score], ['file', kept, 75]);
  assert.match(lines.join('\n'), /always "bad", the file's commonest answer, gets 75\.00/);
  const cut = await look('--file', path('labelled.csv'), '--max-length', '4');
  assert.equal(cut.outcome.cut, 4);
  assert.match(cut.told.join(), /4 of 4 \(100 %\) texts are longer than the 4 tokens.*"text" in 4/);
  rmSync(train);
  assert.equal((await look('--file', path('labelled.csv'))).outcome.examples, 4);
  await assert.rejects(look(), InputError);
});

test('what is wrong is told: a label that is none, no label, a split nobody has, both at once', async () => {
  writeFileSync(path('wrong.csv'), 'text,label\nfine,goood\n');
  await assert.rejects(look('--file', path('wrong.csv')), /wrong\.csv:2: the label "goood"/);
  writeFileSync(path('unlabelled.csv'), 'text\nfine\n');
  await assert.rejects(look('--file', path('unlabelled.csv')), /no column "label"/);
  await assert.rejects(look('--split', 'validaton'), (error: InputError) => /`validation`/.test(error.remedy ?? ''));
  await assert.rejects(look('--split', 'test', '--file', path('wrong.csv')), { code: 'conflicting-settings' });
});
