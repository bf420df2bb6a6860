import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComparedRun, compareRuns } from '../../src/report/comparison.ts';
import { comparisonTable, csvLines, scoreMatrix, testSentence } from '../../src/report/comparison-tables.ts';
import { resourcesOverRuns, resourcesTable } from '../../src/report/summary.ts';
import type { RunResult } from '../../src/runs/result.ts';

function run(given: {
  method: string;
  score: number;
  seed?: number;
  task?: string;
  budget?: string | null;
  parameters?: number;
  searched?: boolean;
}): ComparedRun {
  const {
    method,
    score,
    seed = 0,
    task = 'rte',
    budget = '1%',
    parameters = 100,
    searched = method === 'found',
  } = given;
  const stage = (seconds: number, peakBytes: number) => ({ seconds, peakBytes, evaluations: 10 * seconds });
  const result: RunResult = {
    ...{
      task,
      model: 'mini',
      seed,
      budget: { parameters: 200, fraction: 0.01 },
      structure: { modules: 3, parameters },
    },
    score: { metric: 'accuracy', validation: score + 1, test: score, majority: 50 },
    resources: { ...(searched && { search: stage(30, 3e9) }), retrain: stage(10, 2e9) },
  };
  return { task, method, label: method, variant: '', budget, seed, isFound: searched, result };
}

const scores = { found: [60, 64, 62], random: [58, 59, 60] };
const runs = Object.entries(scores).flatMap(([method, values]) =>
  values.map((score, seed) => run({ method, score, seed })),
);

test('rows hold mean, standard deviation, size and cost over the seeds', () => {
  const [found, random] = compareRuns(runs);
  assert.deepEqual(
    [found!.seeds, found!.scores],
    [
      [0, 1, 2],
      [60, 64, 62],
    ],
  );
  assert.deepEqual(found!.test, { mean: 62, sd: 2 });
  assert.deepEqual(random!.test, { mean: 59, sd: 1 });
  assert.equal(found!.validation.mean, 63);
  assert.deepEqual([found!.parameters, found!.fraction], [100, 0.005]);
  assert.deepEqual([found!.seconds, random!.seconds], [40, 10]);
  assert.deepEqual([found!.evaluations, found!.peakBytes], [400, 3e9]);
});

test('the found structure is tested against every other row, paired by seed', () => {
  const [found, random] = compareRuns(runs);
  assert.equal(found!.foundLessThis, undefined);
  const { difference, p, smallestP, pairs } = random!.foundLessThis!;
  // Differences 2, 5 and 2: all of one sign.
  assert.deepEqual([difference, p, smallestP, pairs], [3, 0.25, 0.25, 3]);
  const unpaired = compareRuns([
    run({ method: 'found', score: 1, seed: 0 }),
    run({ method: 'random', score: 2, seed: 1 }),
  ]);
  assert.equal(unpaired[1]!.foundLessThis, undefined);
});

test('a method with a size of its own is put beside the found structure nearest to that size', () => {
  const given = [
    run({ method: 'found', score: 60, budget: '1%', parameters: 100 }),
    run({ method: 'found', score: 70, budget: '10%', parameters: 1000 }),
    run({ method: 'random', score: 55, budget: '1%' }),
    run({ method: 'lora', score: 66, budget: null, parameters: 800 }),
  ];
  const rows = compareRuns(given);
  const budgets = rows.map(row => row.foundLessThis?.budget);
  assert.deepEqual(budgets, [undefined, undefined, '1%', '10%']);
  assert.equal(rows[3]!.foundLessThis!.difference, 4);
  const { header, rows: cells } = comparisonTable(rows);
  const differences = cells.map(row => row[header.indexOf('found − this')]);
  assert.deepEqual(differences, ['', '', '+5.00', '+4.00, found at 10%', '']);
});

test('means of tasks are taken seed by seed, over methods that were done on all', () => {
  const given = [
    ...[60, 62].map((score, seed) => run({ method: 'found', score, seed, task: 'rte' })),
    ...[80, 90].map((score, seed) => run({ method: 'found', score, seed, task: 'mrpc' })),
    run({ method: 'lora', score: 70, task: 'rte', budget: null }),
  ];
  const mean = compareRuns(given).filter(row => row.task === 'mean of tasks');
  assert.deepEqual(
    mean.map(row => [row.method, row.scores]),
    [['found', [70, 76]]],
  );
  assert.deepEqual(scoreMatrix(compareRuns(given)).header, ['method', 'rte', 'mrpc', 'mean of tasks']);
  assert.deepEqual(scoreMatrix(compareRuns(given)).rows.at(-1), ['lora', '70.00', '–', '–']);
});

test('the mean of tasks is tested where the same method searched on all of them, whatever their order', () => {
  const transfer = (tasks: readonly string[]) =>
    tasks.flatMap(task =>
      [...tasks]
        .sort()
        .flatMap(source => [
          { ...run({ method: `from ${source}`, score: source.length, task }), isFound: source === task },
        ]),
    );
  for (const tasks of [
    ['cola', 'rte'],
    ['rte', 'cola'],
  ]) {
    const rows = compareRuns(transfer(tasks));
    assert.equal(rows.filter(row => row.foundLessThis !== undefined).length, tasks.length, 'on the tasks themselves');
    const mean = rows.filter(row => row.task === 'mean of tasks');
    assert.deepEqual(
      mean.map(row => [row.method, row.isFound, row.foundLessThis]),
      ['cola', 'rte'].map(source => [`from ${source}`, false, undefined]),
    );
    assert.ok(!comparisonTable(mean).header.includes('found − this'));
  }
  const searched = ['cola', 'rte'].flatMap(task => ['found', 'random'].map(method => run({ method, score: 1, task })));
  const [found, random] = compareRuns(searched).filter(row => row.task === 'mean of tasks');
  assert.deepEqual([found!.isFound, random!.foundLessThis?.difference], [true, 0]);
});

test('attempts that were not chosen count in the cost; runs without a score are left out', () => {
  const { result, ...own } = run({ method: 'best', score: 60 });
  const tried = { ...result, resources: { ...result.resources, trials: { count: 4, seconds: 40, evaluations: 400 } } };
  const { score: _, ...unscored } = result;
  const [row] = compareRuns([
    { ...own, result: tried },
    { ...own, seed: 1, result: unscored },
  ]);
  assert.deepEqual([row!.seconds, row!.evaluations, row!.seeds], [40, 400, [0]]);
});

test('a run that was scored anew has no cost: means leave it out, and say so where there is no other', () => {
  const scoredAnew = (given: ComparedRun): ComparedRun => {
    const result = { ...given.result, resources: { test: { seconds: 1 } } };
    return { ...given, result };
  };
  const [first, ...others] = ['found', 'found'].map((method, seed) => run({ method, score: 60, seed }));
  const [found] = compareRuns([scoredAnew(first!), ...others]);
  assert.deepEqual([found!.seconds, found!.evaluations, found!.peakBytes], [40, 400, 3e9]);
  const rows = compareRuns([...others, ...others.map(each => scoredAnew({ ...each, task: 'mrpc' }))]);
  const unknown = { seconds: null, evaluations: null, peakBytes: null };
  for (const row of rows.slice(1)) assert.deepEqual({ ...row, ...unknown }, row);
  assert.deepEqual(comparisonTable(rows.slice(1, 2)).rows[0]!.slice(-3), ['–', '–', '–']);
});

test('the mean of tasks of a single seed has no interval: that of one task is not its own', () => {
  const given = ['rte', 'mrpc'].map(task => {
    const { result, ...own } = run({ method: 'found', score: 60, task });
    return { ...own, result: { ...result, testInterval: { low: 55, high: 65, method: 'wilson' } } };
  });
  const rows = compareRuns(given);
  assert.deepEqual(
    rows.map(({ task, testInterval }) => [task, testInterval?.high]),
    [
      ['rte', 65],
      ['mrpc', 65],
      ['mean of tasks', undefined],
    ],
  );
});

test('the training time of several trials is that of all', () => {
  const { result } = run({ method: 'tuned-lora', score: 60 });
  const trials = { count: 5, seconds: 100, evaluations: 400 };
  const [row] = resourcesTable({ ...result, resources: { ...result.resources, trials } }).rows;
  assert.equal(row![2], '100 s (5 trials)');
});

test('the table tells scores, sizes, costs and tests in the words of the field', () => {
  const rows = compareRuns(runs);
  const table = comparisonTable(rows);
  assert.deepEqual(table.rows, [
    ['found at 1%', '62.00 ± 2.00', '3', '100', '50', '40 s', '400', '3.0 GB', '', ''],
    ['random at 1%', '59.00 ± 1.00', '3', '100', '50', '10 s', '100', '2.0 GB', '+3.00', '0.25'],
    ['commonest label', '50.00', '', '', '', '', '', '', '', ''],
  ]);
  assert.ok(table.rows.every(row => row.length === table.header.length));
  assert.match(testSentence(rows)!, /sign-flip.*3 seeds p cannot be smaller than 0\.25/s);
  const untested = compareRuns(runs.filter(({ method }) => method === 'random'));
  assert.equal(testSentence(untested), undefined);
  assert.deepEqual(comparisonTable(untested).rows, [
    ['random at 1%', '59.00 ± 1.00', '3', '100', '50', '10 s', '100', '2.0 GB'],
    ['commonest label', '50.00', '', '', '', '', '', ''],
  ]);
  assert.equal(comparisonTable(untested).header.length, 8);
});

test('time and memory over runs are means with their ratio, of what was searched', () => {
  const results = (method: string) => runs.filter(each => each.method === method).map(each => each.result);
  const groups = ['found', 'random'].map(name => ({ name, results: results(name) }));
  assert.deepEqual(resourcesOverRuns(groups)!.rows, [['found', '30 s', '10 s', '3.00', '3.0 GB', '2.0 GB', '1.50']]);
  assert.equal(resourcesOverRuns(groups.slice(1)), undefined);
});

test('a cell with a comma, a quote or a line break is quoted in CSV', () => {
  assert.equal(
    csvLines(
      ['a', 'b'],
      [
        ['x,y', 'say "z"'],
        [undefined, 1],
      ],
    ),
    'a,b\n"x,y","say ""z"""\n,1\n',
  );
});
