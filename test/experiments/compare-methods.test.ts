import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExperimentSettings } from '../../src/config/experiment-settings.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { compare, comparisonWork, rehearsePlan } from '../../src/experiments/compare-methods.ts';
import { comparedMethods } from '../../src/experiments/methods.ts';
import type { ExperimentEvent } from '../../src/experiments/run-cells.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { experimentWorkspace, runToEnd } from './support.ts';

const space = experimentWorkspace();
/** But for other names of what `found` is where an order is given. */
const every = comparedMethods()
  .map(method => method.name)
  .filter(name => !['found-mixed', 'bilevel'].includes(name));

function resultOf(...path: string[]): RunResult {
  return JSON.parse(readFileSync(join(...path, 'result.json'), 'utf8')) as RunResult;
}

async function collect(given: ExperimentSettings, out: string) {
  const events: ExperimentEvent[] = [];
  const comparison = await runToEnd(compare({ ...space.settings, ...given }, { out }), event => events.push(event));
  const ran = events.flatMap(event => (event.type === 'run-done' ? [event.cell.folder] : []));
  return { comparison, events, ran };
}

test('every method is an ordinary run in a folder of its own, summed up over the seeds', async () => {
  const out = space.out('all');
  const given: ExperimentSettings = { task: [space.films], methods: every, seeds: [0, 1], budget: ['600'] };
  const { comparison, ran } = await collect(given, out);
  assert.equal(ran.length, 2 * every.length);
  assert.deepEqual(comparison.failed, []);
  assert.deepEqual(
    comparison.rows.map(row => row.method),
    every,
  );
  for (const row of comparison.rows) {
    assert.deepEqual(row.seeds, [0, 1]);
    const tests = [0, 1].map(seed => {
      // An option of a search is in the name of those that have it.
      const folder = [row.method, row.variant.replaceAll(' ', '-'), row.budget].filter(Boolean).join('-');
      assert.equal(row.variant === 'order first', row.method.startsWith('found'), row.method);
      const result = resultOf(out, 'films', folder, `seed-${seed}`);
      assert.ok(existsSync(join(out, 'films', folder, `seed-${seed}`, 'delta.safetensors')));
      assert.equal(result.seed, seed);
      if (row.budget !== null) assert.ok(result.structure.parameters <= 600, `${row.method}`);
      return result.score!.test;
    });
    assert.deepEqual(row.scores, tests);
    assert.equal(row.test.mean, (tests[0]! + tests[1]!) / 2);
    assert.equal(row.foundLessThis === undefined, row.method === 'found', row.method);
  }
  const { overhead } = comparison;
  assert.ok(overhead!.computing > 0 && overhead!.computing < overhead!.seconds);
  assert.equal(overhead!.share, 1 - overhead!.computing / overhead!.seconds);
  for (const file of ['compare.md', 'compare.csv', 'compare.json', 'scores-films.svg', 'methods.svg']) {
    assert.ok(statSync(join(out, file)).size > 500, file);
  }
  assert.equal(readFileSync(join(out, 'compare.csv'), 'utf8').trim().split('\n').length, 1 + ran.length);
  const markdown = readFileSync(join(out, 'compare.md'), 'utf8');
  assert.match(markdown, /\| S³Delta, order first at 600 \|/);
  assert.match(markdown, /sign-flip test[\s\S]*smaller than 0\.50/);
  assert.ok(readdirSync(out).some(name => name.startsWith('p-spread-films-found')));

  const again = await collect(given, out);
  assert.deepEqual(again.ran, []);
  assert.deepEqual(again.comparison.rows, comparison.rows);
  assert.equal(again.comparison.overhead, undefined);
});

test('best of random costs what a search and a re-training do, tuned LoRA five trainings; what they choose has the least validation loss', () => {
  const best = resultOf(space.out('all'), 'films', 'best-of-random-600', 'seed-0');
  const found = resultOf(space.out('all'), 'films', 'found-order-first-600', 'seed-0').resources;
  // Two steps of two evaluations, one of each of five finalists and of the better two; and two steps of one: as much as
  // six and a half re-trainings, which are seven.
  assert.equal(found.search!.evaluations + found.retrain!.evaluations, 13);
  assert.deepEqual([best.resources.trials!.count, best.resources.trials!.evaluations], [7, 14]);
  assert.equal(best.resources.retrain!.evaluations, 2);
  const tuned = resultOf(space.out('all'), 'films', 'tuned-lora-600', 'seed-0');
  assert.equal(tuned.resources.trials!.count, 5);
  const log = readFileSync(join(space.out('all'), 'films', 'tuned-lora-600', 'seed-0', 'metrics.jsonl'), 'utf8');
  const lines = log
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { trial: string; score: number; validationLoss: number });
  assert.deepEqual(
    lines.map(line => line.trial),
    ['lr-0.001', 'lr-0.003', 'lr-0.01', 'lr-0.03', 'lr-0.1'],
  );
  const least = lines.toSorted((a, b) => a.validationLoss - b.validationLoss)[0]!;
  assert.ok(least.validationLoss > 0);
  assert.equal(tuned.score!.validation, least.score);
});

test('a run that stands is kept, one that is missing is done, the rest of an interrupted one too', async () => {
  const out = space.out('again');
  const given: ExperimentSettings = { task: [space.films], methods: ['random', 'lora'], seeds: [0], budget: ['600'] };
  const controller = new AbortController();
  const stopped = compare({ ...space.settings, ...given }, { out, signal: controller.signal });
  await assert.rejects(
    runToEnd(stopped, event => event.type === 'run-begins' && event.cell.method === 'lora' && controller.abort()),
    InterruptedError,
  );
  const random = resultOf(out, 'films', 'random-600', 'seed-0');
  const more = await collect({ ...given, seeds: [0, 1] }, out);
  assert.deepEqual(
    more.ran.map(folder => folder.slice(out.length + 1)),
    ['films/random-600/seed-1', 'films/lora/seed-0', 'films/lora/seed-1'],
  );
  assert.deepEqual(resultOf(out, 'films', 'random-600', 'seed-0'), random);
});

test('other settings than the runs of a folder have are refused, and nothing is touched', async () => {
  const before = readFileSync(join(space.out('again'), 'matrix.yaml'), 'utf8');
  const given: ExperimentSettings = { task: [space.films], methods: ['lora'], 'max-steps': 3 };
  await assert.rejects(collect(given, space.out('again')), /`max-steps` 2, not 3/);
  assert.equal(readFileSync(join(space.out('again'), 'matrix.yaml'), 'utf8'), before);
  await assert.rejects(collect(given, join(space.out('again'), 'films', 'lora', 'seed-0')), /already holds a run/);
  assert.match(before, /max-steps: 2/);
});

for (const [name, given, says] of [
  ['an unknown method', { methods: ['foudn'] }, /foudn/],
  ['an unknown task', { task: ['rta'] }, /rta/],
  ['a budget that holds no module', { methods: ['random'], budget: ['3'] }, /cheapest/],
  ['a budget below one LoRA', { methods: ['tuned-lora'], budget: ['40'] }, /rank 1/],
  ['no model', { model: undefined }, /no model/],
] as const) {
  test(`${name} is refused before any file is touched`, async () => {
    const out = space.out('refused');
    const settings = { ...space.settings, task: [space.films], ...given } as ExperimentSettings;
    await assert.rejects(runToEnd(compare(settings, { out })), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, says);
      return true;
    });
    assert.equal(existsSync(out), false);
  });
}

test('a run that fails does not stop the others', async () => {
  const out = space.out('failing');
  const given: ExperimentSettings = { task: [space.films], methods: ['random', 'lora'], seeds: [0], budget: ['600'] };
  await collect(given, out);
  const config = join(out, 'films', 'random-600', 'seed-0', 'config.yaml');
  rmSync(join(out, 'films', 'random-600', 'seed-0', 'result.json'));
  writeFileSync(config, readFileSync(config, 'utf8').replace('lr: 0.01', 'lr: 0.02'));
  const { comparison } = await collect({ ...given, seeds: [0, 1] }, out);
  assert.equal(comparison.failed.length, 1);
  assert.match(comparison.failed[0]!.message, /`lr` 0\.02, not 0\.01/);
  assert.deepEqual(
    comparison.rows.map(row => [row.method, row.seeds]),
    [
      ['random', [1]],
      ['lora', [0, 1]],
    ],
  );
});

test('several budgets: a search each, or one that serves all; settings of the search can be varied', async () => {
  const out = space.out('budgets');
  const given: ExperimentSettings = { task: [space.films], methods: ['found'], budget: ['300', '1200'] };
  const apart = await collect({ ...given, gradient: ['global', 'local'] }, out);
  assert.deepEqual(
    apart.comparison.rows.map(({ variant, budget }) => `${variant} ${budget}`),
    ['global', 'local'].flatMap(form => ['300', '1200'].map(budget => `order first gradient ${form} ${budget}`)),
  );
  // What is proposed has both again: the folder holds but the first.
  for (const { next } of apart.comparison.verdicts!) {
    assert.match(next.command, / --gradient global,local /);
  }
  const shared = await collect({ ...given, 'share-search': true }, out);
  for (const { next } of shared.comparison.verdicts!) assert.match(next.command, / --share-search /);
  assert.deepEqual(shared.comparison.sharedBudgets, { films: 600 });
  assert.equal(shared.ran.length, 3);
  const [small, large] = shared.comparison.rows;
  assert.ok(small!.parameters <= 300 && large!.parameters <= 1200 && large!.parameters > 300);
  const folder = join(out, 'films', 'found-order-first-shared-600-300', 'seed-0');
  assert.deepEqual(resultOf(folder).structure.source!.tasks, ['films']);
});

test('several tasks get a table of their mean, seed by seed', async () => {
  const given: ExperimentSettings = {
    task: [space.films, space.books],
    methods: ['found', 'lora'],
    seeds: [0, 1],
    budget: ['600'],
  };
  const { comparison } = await collect(given, space.out('two-tasks'));
  const mean = comparison.rows.filter(row => row.task === 'mean of tasks');
  assert.deepEqual(
    mean.map(row => row.method),
    ['found', 'lora'],
  );
  for (const row of mean) {
    const own = comparison.rows.filter(({ task, method }) => task !== row.task && method === row.method);
    assert.deepEqual(
      row.scores,
      [0, 1].map(i => (own[0]!.scores[i]! + own[1]!.scores[i]!) / 2),
    );
  }
});

test('seeds that show nothing that fewer do not are told of beforehand', async () => {
  const rehearse = async (seeds: number) => {
    const told: string[] = [];
    const given = { ...space.settings, task: [space.films], methods: ['lora'], order: undefined };
    const all = { ...given, seeds: Array.from({ length: seeds }, (_, seed) => seed) };
    const options = { out: space.out('many') };
    const would = await rehearsePlan(comparisonWork(all, options), options, text => told.push(text));
    assert.equal(would.length, seeds);
    return told.filter(text => /seeds/.test(text));
  };
  assert.deepEqual(await rehearse(63), []);
  const [told] = await rehearse(64);
  assert.match(told!, /^64 seeds: a difference that takes 64 or more to be seen is too small to matter; --seeds 8/);
});
