import assert from 'node:assert/strict';
import { test } from 'node:test';
import { methodsTable, type RunSummary, runsTable, transferTable } from '../../src/report/run-summary.ts';

function run(task: string, method: string, test: number | undefined, source?: string): RunSummary {
  return {
    ...{ id: `${task}-${method}`, state: 'finished', changed: 0, task, model: 'mini', method, seed: 0 },
    ...(test !== undefined && { test }),
    ...(source !== undefined && { source }),
  } as RunSummary;
}

const runs = [
  run('rte', 'search', 60, 'rte'),
  run('rte', 'search', 64, 'rte'),
  run('rte', 'lora', 55),
  run('cola', 'structure', 40, 'rte'),
  run('cola', 'search', undefined, 'cola'),
];

test('methods against tasks: the mean, with the number of runs, and nothing of unscored ones', () => {
  assert.deepEqual(methodsTable(runs), {
    header: ['method', 'cola', 'rte'],
    rows: [
      ['lora', '–', '55.00'],
      ['search', '–', '62.00 (2)'],
      ['structure', '40.00', '–'],
    ],
  });
});

test('no mean is over different models or budgets', () => {
  const at = (budget: number, model: string, test: number) => ({ ...run('rte', 'search', test, 'rte'), budget, model });
  const given = [at(2e-3, 'mini', 60), at(2e-3, 'mini', 62), at(1e-2, 'mini', 70), at(2e-3, 'small', 80)];
  const rows = [
    ['search, mini at 0.2%', '61.00 (2)'],
    ['search, mini at 1%', '70.00'],
    ['search, small', '80.00'],
  ];
  assert.deepEqual(methodsTable(given).rows, rows);
  assert.deepEqual(
    transferTable(given).rows,
    rows.map(([name, ...cells]) => [name!.replace('search', 'rte'), ...cells]),
  );
  assert.deepEqual(methodsTable(given.slice(0, 2)).rows, [['search', '61.00 (2)']]);
});

test('no mean is over different lengths, sizes of the test set, or sources', () => {
  const steps = (test: number, settings: Record<string, string>) => ({
    ...run('rte', 'search', test, 'rte'),
    settings,
  });
  assert.deepEqual(methodsTable([steps(60, { 'max-steps': '200' }), steps(70, {})]).rows, [
    ['search', '70.00'],
    ['search, max-steps 200', '60.00'],
  ]);
  const of = (test: number, size: number) => ({
    ...run('rte', 'search', test, 'rte'),
    ...{ metric: 'accuracy', examples: { train: 50, test: size } },
  });
  assert.deepEqual(methodsTable([of(60, 100), of(70, 138)]).rows, [
    ['search, 50 training and 100 test examples', '60.00'],
    ['search, 50 training and 138 test examples', '70.00'],
  ]);
  assert.deepEqual(methodsTable([of(60, 100), of(70, 100)]), {
    header: ['method', 'rte (accuracy of 100)'],
    rows: [['search', '65.00 (2)']],
  });
  const sizesOfTasks = [of(60, 100), { ...of(70, 300), task: 'mrpc' }];
  assert.deepEqual(methodsTable(sizesOfTasks).header, ['method', 'mrpc (accuracy of 300)', 'rte (accuracy of 100)']);
  assert.deepEqual(methodsTable(sizesOfTasks).rows, [['search', '70.00', '60.00']]);
  const carried = [run('rte', 'structure', 50, 'cola'), run('rte', 'structure', 60, 'sst2')];
  assert.deepEqual(methodsTable(carried).rows, [
    ['structure found on cola', '50.00'],
    ['structure found on sst2', '60.00'],
  ]);
});

test('no mean is over different searches, and names say only what differs', () => {
  const by = (test: number, settings: Record<string, string>) => ({ ...run('rte', 'search', test, 'rte'), settings });
  const global = { order: 'one-sided', gradient: 'global', tau: '1' };
  const given = [
    by(60, global),
    by(62, global),
    by(70, { ...global, gradient: 'local' }),
    run('cola', 'lora', 50, 'rte'),
  ];
  assert.deepEqual(methodsTable(given).rows, [
    ['lora', '50.00', '–'],
    ['search, gradient global', '–', '61.00 (2)'],
    ['search, gradient local', '–', '70.00'],
  ]);
  assert.deepEqual(transferTable([...given.slice(0, 2), given[3]!]).rows, [['rte', '50.00', '61.00 (2)']]);
});

test('transfer: rows are where structures were found, columns where they were used', () => {
  assert.deepEqual(transferTable(runs).rows, [['rte', '40.00', '62.00 (2)']]);
  assert.deepEqual(transferTable([]).rows, []);
});

test('runs side by side have dashes for what is not known', () => {
  assert.deepEqual(runsTable([run('rte', 'lora', 55)]).rows, [
    ['rte-lora', '55.00', '–', 'lora', '0', '–', '–', '–', 'rte', 'mini'],
  ]);
});

test('the best of runs that were judged alike is called so, the others by how far they are from it', () => {
  const toBest = (given: Parameters<typeof runsTable>[0]) => runsTable(given).rows.map(row => row[2]);
  const alike = [run('rte', 'lora', 55), run('rte', 'search', 60), run('rte', 'bitfit', undefined)];
  assert.deepEqual(toBest(alike), ['−5.00', 'best', '–']);
  assert.deepEqual(toBest([...alike, run('cola', 'lora', 70)]), ['–', '–', '–', '–']);
  const metrics = alike.map((each, index) => ({ ...each, metric: index === 0 ? 'f1' : 'accuracy' }));
  assert.deepEqual(toBest(metrics), ['–', '–', '–']);
  const rows = alike.map((each, index) => ({ ...each, examples: { train: 50, test: 15 + index } }));
  assert.deepEqual(toBest(rows), ['–', '–', '–']);
});
