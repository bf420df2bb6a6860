import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExperimentSettings } from '../../src/config/experiment-settings.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { compare } from '../../src/experiments/compare-methods.ts';
import type { ExperimentEvent } from '../../src/experiments/run-cells.ts';
import { parseMargin } from '../../src/experiments/score-within.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { runCli } from '../cli/support.ts';
import { tiny } from '../library/films.ts';
import { experimentWorkspace, runToEnd } from './support.ts';

const space = experimentWorkspace();
const alike: ExperimentSettings = { ...space.settings, task: [space.films], 'score-within': '50%' };

async function collect(given: ExperimentSettings, out: string, signal?: AbortSignal) {
  const events: ExperimentEvent[] = [];
  const comparison = await runToEnd(compare({ ...alike, ...given }, { out, ...(signal && { signal }) }), event =>
    events.push(event),
  );
  const ran = events.flatMap(event => (event.type === 'run-done' ? [event.cell.folder.slice(out.length + 1)] : []));
  const told = events.flatMap(event => (event.type === 'message' ? [event.text] : []));
  const [before] = events.flatMap(event => (event.type === 'experiment-begins' ? [event.progress.done] : []));
  return { comparison, ran, told, before };
}

test('one search serves all budgets, LoRA is trained beside them, and the cost is told before', async () => {
  const out = space.out('within');
  const { comparison, ran, told } = await collect({ budget: ['300', '600'] }, out);
  assert.equal(ran.length, 4);
  assert.equal(ran.filter(folder => folder.includes('search')).length, 1);
  // Two steps of two losses, seven of finalists, and three trainings of two.
  assert.ok(
    told.some(text => /^1 search and 3 trainings, 17 losses with gradients in all/.test(text)),
    told.join('\n'),
  );
  assert.deepEqual(
    comparison.rows.map(({ method, budget }) => [method, budget]),
    [
      ['found', '300'],
      ['found', '600'],
      ['lora', null],
    ],
  );
  const [verdict, ...others] = comparison.verdicts!;
  assert.deepEqual(others, []);
  // The same choice by hand.
  const [first, second, lora] = comparison.rows.map(row => row.validation.mean) as [number, number, number];
  const expected = first >= lora / 2 ? '300' : second >= lora / 2 ? '600' : null;
  // Two steps may teach nothing, and then no budget is the answer.
  assert.equal(verdict!.budget, verdict!.outcome === 'not-above-commonest' ? null : expected);
  assert.deepEqual(
    verdict!.lines.map(({ about }) => about),
    [
      ...(expected === null ? ['how small'] : ['how small', 'against LoRA (r = 8)']),
      ...['curve', 'commonest', 'data', 'cost', 'settled'],
    ],
  );
  const files = ['compare.json', 'compare.md'].map(name => readFileSync(join(out, name), 'utf8'));
  for (const file of files) assert.match(file, /how small/);

  // What is left is told, and only that: a further budget has a shared search of its own.
  const same = await collect({ budget: ['300', '600'] }, out);
  assert.deepEqual([same.before, same.ran, same.told], [4, [], []]);
  const again = await collect({ budget: ['300', '600', '900'], 'score-within': '2' }, out);
  assert.equal(again.before, 1);
  const left = /^left to do: 1 search and 3 trainings, 17 losses .*; about \d\S* s of computing/;
  assert.match(again.told[0]!, left);
  assert.deepEqual(again.comparison.failed, []);
  assert.ok(again.comparison.verdicts![0]!.lines[0]!.says.includes('within 2 of'));
});

test('stopped, it goes on without what is done', async () => {
  const out = space.out('stopped');
  const controller = new AbortController();
  const given = { ...alike, budget: ['300', '600'] };
  await assert.rejects(
    runToEnd(
      compare(given, { out, signal: controller.signal }),
      event => event.type === 'run-done' && event.cell.budget === '300' && controller.abort(),
    ),
    InterruptedError,
  );
  const { ran } = await collect({ budget: ['300', '600'] }, out);
  assert.ok(ran.length < 4 && ran.every(folder => !folder.includes('search')), ran.join());
});

test('what cannot be answered is refused before a file is touched', async () => {
  const nowhere = space.out('nowhere');
  const refused = (given: ExperimentSettings, where: string) =>
    assert.rejects(collect(given, nowhere), error => error instanceof InputError && error.where === where);
  await refused({ 'score-within': 'one' }, '--score-within');
  await refused({ 'score-within': '100%' }, '--score-within');
  await refused({ against: 'random' }, '--against');
  await refused({ against: 'bilevel' }, '--against');
  await refused({ methods: ['bitfit'] }, '--methods');
  // As many parameters as LoRA, and more than that, whose structures could not be smaller.
  await refused({ budget: ['300', '90%'] }, '--budget');
  const size = listManualModules(tiny.sites, 'lora').reduce((sum, { parameters }) => sum + parameters, 0);
  await refused({ budget: [String(size)] }, '--budget');
  await refused({ budget: ['400'], against: 'lnfit' }, '--budget');
  assert.equal(existsSync(nowhere), false);
  assert.deepEqual(parseMargin(' 0.5 % '), { value: 0.005, of: 'share' });
  assert.deepEqual(parseMargin('2'), { value: 2, of: 'points' });
});

test('`search --score-within` asks the same of the settings of a search', async () => {
  const out = space.out('cli');
  const flags = ['--model', space.settings.model!, '--task', space.films, '--threads', '1', '--max-steps', '2'];
  const args = [
    'search',
    ...flags,
    '--eval-every',
    '2',
    '--retrain-eval-every',
    '2',
    '--order',
    'first',
    '--seed',
    '3',
  ];
  const asked = ['--score-within', '50%', '--budget', '300,600', '--against', 'bitfit', '--out', out, '--json'];
  const { exitCode, stdout, stderr } = await runCli([...args, ...asked], space.folder);
  assert.equal(exitCode, 0, stderr);
  const { rows, verdicts } = JSON.parse(stdout) as { rows: { method: string; seeds: number[] }[]; verdicts: object[] };
  assert.deepEqual(
    rows.map(row => [row.method, row.seeds]),
    ['found', 'found', 'bitfit'].map(method => [method, [3]]),
  );
  assert.equal(verdicts.length, 1);
  const contradicting = await runCli(
    [...args, '--score-within', '1', '--no-retrain', '--out', `${out}-2`],
    space.folder,
  );
  assert.equal(contradicting.exitCode, 2);
  assert.match(contradicting.stderr, /leave out `--no-retrain`/);
});
