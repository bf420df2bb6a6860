import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf } from '../../src/cli/command.ts';
import { check } from '../../src/cli/commands/check-command.ts';
import { init } from '../../src/cli/commands/init-command.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { InputError } from '../../src/core/errors.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import { writeFiles } from '../tasks/write-files.ts';
import { tinyModel } from './support.ts';

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
  assert.deepEqual(lines.slice(0, 4), [
    '· the answers are in "Art": it has the fewest different values',
    '· the model reads "Text"',
    '· left out as numbers, lists, with gaps or without a name: "Nr"',
    '‼ the label "Rechnug", 1 row: did you mean "Rechnung" (30 rows)?',
  ]);
  assert.equal(exitCode, 0);
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
  assert.match(lines.join('\n'), /✗ "Rechnug" \(1 row\) is none of the labels: did you mean "Rechnung"\?/);
  assert.match(lines.join('\n'), /‼ 60 rows of the test file with a text of the train file/);
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
  assert.match(await run('tickets.csv', ['--yes']), /‼ the label "Rechnug", 1 row: did you mean "Rechnung"/);
});
