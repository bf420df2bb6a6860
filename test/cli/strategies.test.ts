import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
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
  const { resources } = await search('gradient-norm', '--score-batches', '3');
  assert.equal(resources.search!.evaluations, 3);
  const { lines } = readHistory(join(space.folder, 'gradient-norm', 'search-history.jsonl'))!;
  assert.deepEqual(
    lines.map(({ step, p, worth }) => [step, p, worth!.every(Number.isFinite)]),
    [1, 2, 3].map(step => [step, undefined, true]),
  );
  const modules = json<Structure>('gradient-norm', 'structure.json').modules;
  assert.ok(modules.every(({ worth, p }) => worth !== null && p === null));

  const report = await runCli(['report', 'gradient-norm'], space.folder);
  assert.equal(report.exitCode, 0, report.stderr);
  assert.ok(existsSync(join(space.folder, 'gradient-norm', 'report.html')));

  const planned = await run('plan', '--strategy', 'gradient-norm', '--score-batches', '3', '--json');
  assert.equal(planned.exitCode, 0, planned.stderr);
  const { stages, seconds } = JSON.parse(planned.stdout) as Plan;
  assert.deepEqual(
    stages.map(({ stage, evaluations, validations }) => [stage, evaluations, validations]),
    [
      ['search', 3, 0],
      ['retrain', 4, 2],
    ],
  );
  assert.ok(stages.every(stage => stage.seconds! > 0) && seconds! > 0);

  const again = await runCli(['search', '--resume', '--out', 'gradient-norm'], space.folder);
  assert.equal(again.exitCode, 0, again.stderr);
});

for (const [name, args, says] of [
  [
    'an unknown strategy',
    ['--strategy', 'randm'],
    /--strategy[\s\S]*randm[\s\S]*did you mean `random`[\s\S]*bilevel, /,
  ],
  [
    'an option of another',
    ['--strategy', 'random', '--order', 'first'],
    /--order[\s\S]*bilevel[\s\S]*--strategy bilevel/,
  ],
  ['an option of another than the usual', ['--draws', '3'], /--draws[\s\S]*best-of-random, and bilevel is to search/],
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
