import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { type Ask, argsOf } from '../../src/cli/command.ts';
import { init } from '../../src/cli/commands/init-commands.ts';
import { createInterview, terminalAsk } from '../../src/cli/interview.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { readConfigFile } from '../../src/config/config-file.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import { runCli, tinyModel } from './support.ts';

/** A folder with reviews, and a config to be written beside them. */
function place() {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-init-'));
  const data = join(folder, 'reviews.csv');
  const rows = Array.from(
    { length: 30 },
    (_, i) => `${i},"a ${i % 3 === 0 ? 'bad' : 'good'} film",${i % 3 === 0 ? 'no' : 'yes'}\n`,
  );
  writeFileSync(data, `id,text,liked\n${rows.join('')}`);
  return { folder, data, config: join(folder, 'films.yaml'), task: join(folder, 'reviews.task.yaml') };
}

/** Runs `init`; where answers are given they are said one after the other, an empty one for the standard one. */
async function run(args: readonly string[], answers?: string[]) {
  const told: string[] = [];
  const asked: string[] = [];
  const ask: Ask = async (question, standard) => {
    asked.push(question);
    const answer = answers!.shift();
    assert.notEqual(answer, undefined, `no answer to ${question}`);
    return answer || standard;
  };
  const onEvent = (event: JobEvent) => event.type === 'message' && told.push(event.text);
  const given = parseArguments(args, argsOf(init));
  const output = await init.run(given, { catalogue: builtIn, colour: false, onEvent, ...(answers && { ask }) });
  return { output, told, asked };
}

test('a data file and --yes become a task file and a config that runs', async () => {
  const { folder, data, config, task } = place();
  const args = [config, '--yes', '--model', tinyModel, '--task', data, '--budget', '500', '--minutes', '0.01'];
  const { output, told } = await run(args);
  assert.deepEqual(output.document, { files: [task, config] });
  assert.ok(told.includes('30 rows; the model reads text; the answers are no, yes'), told.join('\n'));
  const settings = readConfigFile(config);
  assert.deepEqual(Object.keys(settings).sort(), ['budget', 'max-steps', 'model', 'task']);
  // 26 rows make a batch of 32, so ten epochs are ten steps of re-training; a hundredth of a minute is no limit here.
  assert.ok(settings['max-steps']! >= 1 && settings['max-steps']! <= 10, `${settings['max-steps']}`);
  const text = readFileSync(config, 'utf8');
  assert.match(text, /^# yaml-language-server: \$schema=.*config\.schema\.json\n/);
  assert.match(text, /\n# how to search.*\n# strategy: sensitivity\n/);
  // Without its `#` a line says what holds already: passes would end the search in place of its training's length.
  assert.match(text, /\n# search-steps: auto\n/);
  assert.doesNotMatch(text, /^# epochs:/m);
  const { exitCode, stderr } = await runCli(
    ['search', relative(folder, config), '--max-steps', '1', '--out', 'run'],
    folder,
  );
  assert.equal(exitCode, 0, stderr);
});

test('questions have standard answers, and an answer that will not do is asked for again', async () => {
  const { data, config, task } = place();
  const answers = ['nowhere', tinyModel, data, 'mood', 'liked', 'much', '500', 'soon', ''];
  const { asked, told } = await run([config], answers);
  assert.equal(asked.length, 9);
  assert.match(told.join('\n'), /no model folder nowhere[\s\S]*no column "mood"[\s\S]*much[\s\S]*soon/);
  assert.deepEqual(readConfigFile(config), { model: tinyModel, task, budget: '500' });
});

test('a column that no guess finds is asked for', async () => {
  const { folder, config } = place();
  const data = join(folder, 'talk.csv');
  const rows = Array.from({ length: 30 }, (_, i) => `question ${i},reply ${i}${' and more'.repeat(i)}\n`);
  writeFileSync(data, `said,replied\n${rows.join('')}`);
  const { told } = await run([config, '--model', tinyModel, '--budget', '500'], [data, '', 'replied', '']);
  assert.match(told.join('\n'), /no column looks like a label[\s\S]*the columns are "said", "replied"/);
  assert.match(
    readFileSync(join(folder, 'talk.task.yaml'), 'utf8'),
    /^label: "replied"$[\s\S]*^maxTargetLength: 135 #/m,
  );
});

test('--label says which column no guess could', async () => {
  const { folder, config } = place();
  const data = join(folder, 'talk.csv');
  writeFileSync(data, `text,topic\n${Array.from({ length: 30 }, (_, i) => `words ${i},topic ${i}\n`).join('')}`);
  const args = [config, '--yes', '--model', tinyModel, '--task', data, '--budget', '500'];
  await assert.rejects(run(args), /no column looks like a label/);
  const { told } = await run([...args, '--label', 'topic']);
  assert.ok(told.includes('30 rows; the model reads text; the answers are free text or numbers'), told.join('\n'));
});

test('a Parquet file is a table too', async () => {
  const { folder, config } = place();
  const data = join(folder, 'rows.parquet');
  cpSync(new URL('../fixtures/parquet/glue/rte/train-00000-of-00002.parquet', import.meta.url), data);
  const { told } = await run([config, '--yes', '--model', tinyModel, '--task', data, '--budget', '500']);
  assert.match(told.join(), /the model reads sentence1, sentence2; the answers are not_entailment, entailment/);
});

test('a file is not written over unasked', async () => {
  const { data, config, task } = place();
  const args = ['--model', tinyModel, '--task', data, '--budget', '500', '--minutes', 'none'];
  writeFileSync(config, 'mine');
  await assert.rejects(run([config, ...args, '--yes']), InputError);
  await assert.rejects(run([config, ...args], ['']), InputError);
  writeFileSync(task, 'mine too');
  for (const answers of [
    ['yes', 'no'],
    ['no', 'yes'],
  ])
    await assert.rejects(run([config, ...args], answers), InputError);
  // Both are told at once, with what mends both.
  await assert.rejects(run([config, ...args, '--yes']), {
    code: 'file-exists',
    where: `${task} and ${config}`,
    remedy: new RegExp(`--task ${task}\\) and give the config another name; .* rm ${task} ${config}$`),
  });
  assert.equal(readFileSync(config, 'utf8') + readFileSync(task, 'utf8'), 'minemine too');
  const tooLittle = ['--model', tinyModel, '--task', data, '--budget', '1', '--minutes', 'none'];
  await assert.rejects(run([config, ...tooLittle], ['yes', 'yes', '']), /budget/);
  assert.equal(readFileSync(config, 'utf8') + readFileSync(task, 'utf8'), 'minemine too');
  await run([config, ...args], ['yes', 'y', '']);
  assert.match(readFileSync(task, 'utf8'), /^label: "liked"$/m);
});

test('each table of a folder has a task file of its own; one that is there is taken or removed, not written over', async () => {
  const { folder, data, config, task } = place();
  const second = join(folder, 'more.csv');
  writeFileSync(second, readFileSync(data));
  const args = ['--yes', '--model', tinyModel, '--budget', '500', '--task'];
  await run([config, ...args, data]);
  const { output } = await run([join(folder, 'more.yaml'), ...args, second]);
  assert.deepEqual(output.document, { files: [join(folder, 'more.task.yaml'), join(folder, 'more.yaml')] });
  assert.match(readFileSync(task, 'utf8'), /train: "reviews.csv"/);
  await assert.rejects(run([join(folder, 'again.yaml'), ...args, data]), (error: InputError) => {
    assert.equal(error.where, task);
    assert.match(error.remedy!, /--task .*reviews\.task\.yaml/);
    return true;
  });
});

test('what is wrong is told, and no file is left', async () => {
  const { folder, data, config, task } = place();
  const model = ['--model', tinyModel];
  for (const args of [
    [config, ...model, '--task', data],
    [data, '--yes'],
    [config, ...model, '--yes', '--task', data, '--budget', '1'],
    [config, ...model, '--yes', '--task', data, '--label', 'mood'],
    [config, ...model, '--yes', '--task', join(folder, 'none.csv')],
    [config, ...model, '--yes', '--task', data, '--budget', '500', '--minutes', '-1'],
  ]) {
    await assert.rejects(
      run(args),
      (error: InputError) => error instanceof InputError && !!error.remedy,
      args.join(' '),
    );
    assert.ok(!existsSync(config) && !existsSync(task), args.join(' '));
  }
});

test('a question is asked on the terminal; Ctrl-C and the end of the input are interruptions', async () => {
  const output = new PassThrough().setEncoding('utf8');
  const say = (text: string | null) => {
    const input = new PassThrough();
    const answer = terminalAsk(input, output, new AbortController().signal)('Model?', 'mini');
    if (text === null) input.end();
    else input.write(text);
    return answer;
  };
  assert.equal(await say('./t5-base \r'), './t5-base');
  assert.match(String(output.read()), /Model\? \[mini\] /);
  assert.equal(await say('\r'), 'mini');
  await assert.rejects(say('\u0003'), InterruptedError);
  await assert.rejects(say(null), InterruptedError);
});

test('an answer that begins with `~` is below the home folder: no shell has read it', async () => {
  const interview = createInterview(async () => '~/data.csv');
  assert.equal(await interview.answer('Task?', 'spam'), join(homedir(), 'data.csv'));
});
