import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { InterruptedError } from '../../src/core/errors.ts';
import { runSearchJob } from '../../src/jobs/run-job.ts';
import type { Verdict } from '../../src/report/verdict/verdict.ts';
import type { RunResult } from '../../src/runs/result.ts';
import type { Structure } from '../../src/structure/structure-file.ts';
import { checkpointFile } from '../../src/training/checkpoint.ts';
import { runCli, tinyModel, workspace } from './support.ts';

// The whole job, as a user runs it, on a tiny model with random weights and a tiny task.
const space = workspace();
const common = ['--model', tinyModel, '--task', space.task, '--lr', '0.01', '--seed', '3'];
const searchArgs = ['search', ...common, '--budget', '500', '--random-baseline'];
const file = (...path: string[]) => join(space.folder, ...path);
const json = <T>(...path: string[]) => JSON.parse(readFileSync(file(...path), 'utf8')) as T;

before(async () => {
  const { exitCode, stdout, stderr } = await runCli([...searchArgs, '--out', 'whole', '--json'], space.folder);
  assert.equal(exitCode, 0, stderr);
  const { folder, verdict, ...printed } = JSON.parse(stdout) as RunResult & { folder: string; verdict: Verdict };
  assert.equal(folder, 'whole');
  assert.match(verdict.next.command, /^s3delta search whole\/config\.yaml /);
  assert.deepEqual(printed, json('whole', 'result.json'));
});

test('the result has every name that other programs rely on, and the structure is within its budget', () => {
  const result = json<RunResult>('whole', 'result.json');
  const structure = json<Structure>('whole', 'structure.json');
  const kept = structure.modules.filter(module => module.kept);
  assert.equal(structure.modules.length, 80);
  assert.equal(result.structure.modules, kept.length);
  assert.equal(
    result.structure.parameters,
    kept.reduce((sum, module) => sum + module.parameters, 0),
  );
  assert.ok(kept.length > 0 && result.structure.parameters <= 500);
  // What fits no budget of 500 and what changes nothing is not searched; nothing else has a p, but a worth.
  assert.ok(structure.modules.every(({ p, parameters, inert }) => p === (inert || parameters > 500 ? 0 : null)));
  assert.ok(structure.modules.every(({ worth }) => worth !== null));
  assert.deepEqual(result.budget, { parameters: 500, fraction: 500 / 46720 });
  assert.deepEqual([result.task, result.model, result.seed], ['films', 'tiny-t5', 3]);
  const { findings, ...data } = result.data!;
  assert.deepEqual(data, { train: 24, validation: 8, test: 8, note: 'validation and test are as given' });
  assert.ok(findings!.some(({ text }) => text.startsWith('classes of the ')));
  const { metric, validation, test, majority, random } = result.score!;
  assert.equal(metric, 'accuracy');
  assert.equal(majority, 50);
  // What is reported is the best of what the log says, and shares of the eight rows.
  const logged = readFileSync(file('whole', 'metrics.jsonl'), 'utf8').trim().split('\n');
  const scores = logged.map(line => JSON.parse(line) as { stage: string; score: number });
  assert.equal(validation, Math.max(...scores.filter(({ stage }) => stage === 'retrain').map(({ score }) => score)));
  for (const score of [validation, test, random!]) assert.ok(Number.isInteger((score * 8) / 100), `${score}`);
  const { search, retrain, ratio } = result.resources;
  // As many steps as the training has, 24 examples in 6 batches, twice; a step of each of five finalists, and one of the
  // better two.
  assert.equal(search!.evaluations, 12 + 7);
  assert.equal(retrain!.evaluations, 12);
  for (const { peakBytes } of [search!, retrain!]) assert.ok(peakBytes > 30e6 && peakBytes < 4e9, `${peakBytes}`);
  assert.equal(ratio!.time, search!.seconds / retrain!.seconds);
});

test('the run folder holds what it should, and no checkpoint any more', () => {
  for (const name of ['config.yaml', 'metrics.jsonl', 'structure.json', 'delta.safetensors', 'result.json']) {
    assert.ok(existsSync(file('whole', name)), name);
  }
  assert.equal(existsSync(file('whole', 'checkpoint')), false);
  const lines = readFileSync(file('whole', 'metrics.jsonl'), 'utf8').trim().split('\n');
  const stages = lines.map(line => JSON.parse(line) as { stage: string; step: number });
  assert.deepEqual(
    stages.map(({ stage, step }) => `${stage} ${step}`),
    ['search', 'retrain', 'random'].flatMap(stage => [3, 6, 9, 12].map(step => `${stage} ${step}`)),
  );
});

test('under the L0 penalty what was spent stands for the budget, of the random structure too; its config goes on', async () => {
  const flags = [
    '--objective',
    'l0',
    '--order',
    'exact',
    '--stretch-low',
    '-0.2',
    '--max-steps',
    '2',
    '--random-baseline',
  ];
  const penalised = await runCli(['search', ...common, ...flags, '--out', 'l0'], space.folder);
  assert.equal(penalised.exitCode, 0, penalised.stderr);
  const { budget, structure, resources, score } = json<RunResult>('l0', 'result.json');
  assert.equal(budget.parameters, structure.parameters);
  assert.ok(structure.parameters > 500);
  assert.equal(resources.search!.evaluations, 10);
  assert.ok(score!.random !== undefined);
  assert.equal(json<Structure>('l0', 'structure.json').budget, null);
  const again = await runCli(['search', '--resume', '--out', 'l0', '--json'], space.folder);
  assert.deepEqual(
    { ...JSON.parse(again.stdout || '{}'), folder: '', verdict: undefined },
    { ...json<object>('l0', 'result.json'), folder: '', verdict: undefined },
  );
});

test('where the penalty closes every gate there is nothing to train, and the way out is told', async () => {
  const flags = ['--objective', 'l0', '--l0-weight', '100', '--alpha-lr', '1', '--max-steps', '8', '--random-baseline'];
  for (const again of [[], ['--resume']]) {
    const args = ['search', ...common, ...flags, '--out', 'closed', ...again];
    const { exitCode, stderr } = await runCli(args, space.folder);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /closed.structure\.json: this structure keeps no module[\s\S]*→ .*--l0-weight/);
  }
  assert.equal(json<RunResult>('closed', 'result.json').structure.modules, 0);
});

test('a fine-tuned structure is trained as full fine-tuning is', async () => {
  const plain = ['train', '--model', tinyModel, '--task', space.task, '--max-steps', '2'];
  const fine = await runCli([...plain, '--method', 'fine-tuning', '--out', 'fine'], space.folder);
  assert.equal(fine.exitCode, 0, fine.stderr);
  const carried = ['--structure', file('fine', 'structure.json'), '--out', 'carried'];
  assert.equal((await runCli([...plain, ...carried], space.folder)).exitCode, 0);
  assert.match(readFileSync(file('carried', 'config.yaml'), 'utf8'), /^lr: 0\.00003$/m);
});

test('evaluate gives the scores that the run has written', async () => {
  const { score } = json<RunResult>('whole', 'result.json');
  for (const split of ['test', 'validation'] as const) {
    const { stdout, stderr } = await runCli(['evaluate', 'whole', '--split', split, '--json'], space.folder);
    const outcome = JSON.parse(stdout || '{}') as { score: number; examples: number };
    assert.equal(outcome.score, score![split], stderr);
    assert.equal(outcome.examples, 8);
  }
});

test('the same seed gives the same run bit for bit, interrupted in the search or not', async () => {
  const out = file('stopped');
  const controller = new AbortController();
  const settings = { model: tinyModel, task: space.task, lr: 0.01, seed: 3, budget: '500', 'random-baseline': true };
  const stopped = runSearchJob(settings, {
    out,
    signal: controller.signal,
    onEvent: event => event.type === 'step' && event.step === 4 && controller.abort(),
  });
  await assert.rejects(stopped, InterruptedError);
  assert.equal(existsSync(file('stopped', 'result.json')), false);
  // As if the process before had needed more memory than this one will.
  const store = checkpointFile(file('stopped', 'checkpoint', 'search.safetensors'));
  const saved = (await store.load())!;
  await store.save({ ...saved, meta: { ...(saved.meta as object), peakBytes: 1e15 } });
  const resumed = await runCli(['search', '--resume', '--out', 'stopped'], space.folder);
  assert.equal(resumed.exitCode, 0, resumed.stderr);
  for (const name of ['structure.json', 'delta.safetensors', 'search-history.jsonl']) {
    assert.deepEqual(readFileSync(file('stopped', name)), readFileSync(file('whole', name)), name);
  }
  assert.deepEqual(json<RunResult>('stopped', 'result.json').score, json<RunResult>('whole', 'result.json').score);
  const { search, retrain } = json<RunResult>('stopped', 'result.json').resources;
  assert.ok(search!.peakBytes === 1e15 && retrain!.peakBytes < 1e14);
});

test('Ctrl-C saves, tells how to go on, and exits with 130', async () => {
  const args = [...searchArgs, '--epochs', '100000', '--out', 'endless'];
  let asked = false;
  const stopped = await runCli(args, space.folder, (text, interrupt) => {
    if (asked || !/search \d+\/\d+/.test(text)) return;
    // Once: a second Ctrl-C does not wait, and one that comes while the process ends kills it.
    asked = true;
    interrupt();
  });
  assert.equal(stopped.exitCode, 130, stopped.stderr);
  assert.match(stopped.stderr, /→ go on with: s3delta search --resume --out endless/);
  assert.ok(existsSync(file('endless', 'checkpoint', 'search.safetensors')));
});

test('a stage that is done is not repeated', async () => {
  const searchAlone = searchArgs.filter(arg => arg !== '--random-baseline');
  const first = await runCli([...searchAlone, '--out', 'two', '--no-retrain'], space.folder);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.equal(json<RunResult>('two', 'result.json').score, undefined);
  const done = await runCli(['search', '--resume', '--out', 'whole'], space.folder);
  assert.equal(done.exitCode, 0, done.stderr);
  assert.doesNotMatch(done.stderr, /begins/);
});

test('a run is not resumed with other settings', async () => {
  const { exitCode, stderr } = await runCli(['search', '--resume', '--out', 'whole', '--seed', '4'], space.folder);
  assert.equal(exitCode, 2);
  assert.match(stderr, /`seed` 3, not 4/);
});

test('a search does not go on with a training, nor tune what it is given, and touches nothing', async () => {
  const train = ['train', ...common, '--method', 'bitfit', '--out', 'trained'];
  assert.equal((await runCli(train, space.folder)).exitCode, 0);
  rmSync(file('trained', 'result.json'));
  const before = space.list();
  const resumed = await runCli(['search', '--resume', '--out', 'trained'], space.folder);
  assert.equal(resumed.exitCode, 2);
  assert.match(resumed.stderr, /`method: bitfit` is given[\s\S]*→ .*s3delta train/);
  writeFileSync(file('lora.yaml'), `task: ${space.task}\nmodel: ${tinyModel}\nmethod: lora\n`);
  for (const command of ['search', 'plan']) {
    const { exitCode, stderr } = await runCli([command, 'lora.yaml'], space.folder);
    assert.equal(exitCode, 2);
    assert.match(stderr, /`method: lora` is given/);
  }
  rmSync(file('lora.yaml'));
  assert.deepEqual(space.list(), before);
});

test('train on the found structure is the re-training of the search', async () => {
  const args = ['train', ...common, '--structure', join('whole', 'structure.json'), '--out', 'again', '--json'];
  const { exitCode, stdout, stderr } = await runCli(args, space.folder);
  assert.equal(exitCode, 0, stderr);
  const printed = JSON.parse(stdout) as RunResult;
  const { random: _, ...score } = json<RunResult>('whole', 'result.json').score!;
  assert.deepEqual(printed.score, score);
  assert.deepEqual(readFileSync(file('again', 'delta.safetensors')), readFileSync(file('whole', 'delta.safetensors')));
});

for (const method of ['lora', 'adapter', 'low-rank-adapter', 'bitfit', 'lnfit', 'fine-tuning', 'random']) {
  test(`train with the method ${method}`, async () => {
    const args = [
      'train',
      ...common,
      '--method',
      method,
      '--budget',
      '500',
      '--max-steps',
      '2',
      '--out',
      method,
      '--json',
    ];
    const { exitCode, stdout, stderr } = await runCli(args, space.folder);
    assert.equal(exitCode, 0, stderr);
    const { structure, resources } = JSON.parse(stdout) as RunResult;
    assert.ok(structure.modules > 0);
    assert.equal(resources.retrain!.evaluations, 2);
  });
}

test('report writes a page and a picture and prints the tables', async () => {
  const { exitCode, stdout, stderr } = await runCli(['report', 'whole', '--format', 'markdown'], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /\| always the commonest label \| 50\.00 \|/);
  assert.match(readFileSync(file('whole', 'report.html'), 'utf8'), /<svg/);
  assert.match(readFileSync(file('whole', 'heatmap.svg'), 'utf8'), /SelfAttn\.Q LoRA/);
});

test('every command explains itself', async () => {
  const { stdout } = await runCli(['--help'], space.folder);
  for (const command of ['search', 'train', 'evaluate', 'report', 'serve', 'demo', 'tasks', 'models']) {
    assert.ok(stdout.includes(command));
    const help = await runCli([command, '--help'], space.folder);
    assert.equal(help.exitCode, 0, help.stderr);
    assert.match(help.stdout, /--json/);
  }
  const nothing = await runCli([], space.folder);
  assert.equal(nothing.exitCode, 2);
  assert.equal((await runCli(['tasks', '--json'], space.folder)).exitCode, 0);
});
