import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { readHistory } from '../../src/runs/search-history.ts';
import type { Structure } from '../../src/structure/structure-file.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
const common = ['--model', tinyModel, '--task', space.task, '--lr', '0.01', '--max-steps', '4', '--budget', '500'];
const run = (command: string, ...more: string[]) => runCli([command, ...common, ...more], space.folder);
const json = <T>(...path: string[]) => JSON.parse(readFileSync(join(space.folder, ...path), 'utf8')) as T;
const kept = (name: string) => json<Structure>(name, 'structure.json').modules.map(module => module.kept);

async function search(name: string, ...options: string[]): Promise<RunResult> {
  const { exitCode, stderr } = await run('search', '--strategy', name, ...options, '--out', name);
  assert.equal(exitCode, 0, stderr);
  return json<RunResult>(name, 'result.json');
}

test('a random search keeps what the method random trains, and scores the same', async () => {
  const { score, resources } = await search('random');
  const { exitCode, stderr } = await run('train', '--method', 'random', '--out', 'method');
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(kept('random'), kept('method'));
  assert.deepEqual(score, json<RunResult>('method', 'result.json').score);
  assert.equal(resources.search!.evaluations, 0);
  assert.match(readFileSync(join(space.folder, 'random', 'config.yaml'), 'utf8'), /^strategy: random$/m);
  assert.doesNotMatch(readFileSync(join(space.folder, 'random', 'config.yaml'), 'utf8'), /^order: /m);
});

test('the best of random structures is trained again as it was, to the same score', async () => {
  const { score, resources } = await search('best-of-random', '--draws', '3');
  // Three trainings of the length of the one that follows.
  assert.equal(resources.search!.evaluations, 3 * resources.retrain!.evaluations);
  const lines = readFileSync(join(space.folder, 'best-of-random', 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const tried = lines.map(line => JSON.parse(line) as { stage: string; score: number; best: number });
  const best = tried.filter(({ stage }) => stage === 'search').at(-1)!.best;
  assert.equal(score!.validation, best);
  assert.ok(tried.every(line => line.score <= best));
});

test('a search without probabilities has a history, a report and a plan, and is resumed', async () => {
  const { resources } = await search('sensitivity', '--finalists', '1');
  assert.equal(resources.search!.evaluations, 4);
  const { lines } = readHistory(join(space.folder, 'sensitivity', 'search-history.jsonl'))!;
  assert.deepEqual(
    lines.map(({ step, p, worth }) => [step, p, worth!.every(Number.isFinite)]),
    [1, 2, 3, 4].map(step => [step, undefined, true]),
  );
  const modules = json<Structure>('sensitivity', 'structure.json').modules;
  // What can never be kept has p = 0.
  assert.ok(modules.every(({ p, worth }) => worth !== null && (p === null || p === 0)));

  const report = await runCli(['report', 'sensitivity'], space.folder);
  assert.equal(report.exitCode, 0, report.stderr);
  assert.ok(existsSync(join(space.folder, 'sensitivity', 'report.html')));

  const planned = await run('plan', '--strategy', 'sensitivity', '--finalists', '1', '--json');
  assert.equal(planned.exitCode, 0, planned.stderr);
  const { stages, seconds } = JSON.parse(planned.stdout) as Plan;
  assert.deepEqual(
    stages.map(({ stage, evaluations, validations }) => [stage, evaluations, validations]),
    [
      ['search', 4, 0],
      ['retrain', 4, 2],
    ],
  );
  assert.ok(stages.every(stage => stage.seconds! > 0) && seconds! > 0);

  const again = await runCli(['search', '--resume', '--out', 'sensitivity'], space.folder);
  assert.equal(again.exitCode, 0, again.stderr);
});

test('a run of a strategy that is no more is used as before, and searched no further', async () => {
  const old = join(space.folder, 'of-old');
  cpSync(join(space.folder, 'sensitivity'), old, { recursive: true });
  for (const name of ['config.yaml', 'inputs.json']) {
    const text = readFileSync(join(old, name), 'utf8');
    const renamed = text.replace('sensitivity', 'race').replace('finalists', 'survivors');
    assert.notEqual(renamed, text);
    writeFileSync(join(old, name), renamed);
  }
  // It notes the hashes of what was changed here.
  rmSync(join(old, 'outcome.json'));
  for (const args of [
    ['evaluate', old],
    ['export', old, '--format', 'onnx'],
    ['report', old],
  ]) {
    const { exitCode, stderr } = await runCli(args, space.folder);
    assert.equal(exitCode, 0, stderr);
  }
  const resumed = await runCli(['search', '--resume', '--out', old], space.folder);
  assert.equal(resumed.exitCode, 2);
  assert.match(resumed.stderr, /there is no search strategy `race`/);
});

for (const [name, args, says] of [
  [
    'an unknown strategy',
    ['--strategy', 'randm'],
    /--strategy[\s\S]*randm[\s\S]*did you mean `random`[\s\S]*sensitivity, bilevel, /,
  ],
  [
    'an option of another',
    ['--strategy', 'random', '--order', 'first'],
    /--order[\s\S]*bilevel[\s\S]*--strategy bilevel/,
  ],
  [
    'options of two strategies',
    ['--draws', '3', '--order', 'first'],
    /--draws|--order[\s\S]*(best-of-random|bilevel), and sensitivity is to search/,
  ],
  [
    'other options than a run was begun with',
    ['--resume', '--out', 'random', '--strategy', 'bilevel'],
    /`strategy` random/,
  ],
] as const) {
  test(`${name}: exit code 2, one message with its remedy, and no file touched`, async () => {
    const listed = space.list();
    const { exitCode, stderr } = await run('search', ...args);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr.slice(stderr.indexOf('error: ')), /^error: .*\n→ .*\n$/);
    assert.deepEqual(space.list(), listed);
  });
}
