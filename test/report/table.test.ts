import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, duration, perTenThousand, score } from '../../src/core/format.ts';
import { budgetSentence, keptTable, resourcesTable, scoreTable } from '../../src/report/summary.ts';
import { tableLines, tableMarkdown } from '../../src/report/table.ts';
import type { RunResult } from '../../src/runs/result.ts';

const result: RunResult = {
  task: 'rte',
  model: 'mini',
  seed: 0,
  budget: { parameters: 1310, fraction: 1.39e-4 },
  structure: { modules: 3, parameters: 1280 },
  score: { metric: 'accuracy', validation: 61.5, test: 60, majority: 52.7, random: 55.25 },
  resources: {
    search: { seconds: 150, peakBytes: 2.2e9, evaluations: 500 },
    retrain: { seconds: 50, peakBytes: 2e9, evaluations: 100 },
    ratio: { time: 3, memory: 1.1 },
  },
};

test('numbers are aligned to the right, words to the left', () => {
  assert.deepEqual(
    tableLines({
      header: ['name', 'score'],
      rows: [
        ['a', '1.5'],
        ['longer', '10.25'],
      ],
    }),
    ['name    score', '──────  ─────', 'a         1.5', 'longer  10.25'],
  );
});

test('so are differences below 0, and columns where a number is missing', () => {
  const lines = tableLines({
    header: ['found − this', 'rte'],
    rows: [
      ['−3.96', '–'],
      ['+0.06', '50.84'],
    ],
  });
  assert.deepEqual(lines.slice(2), ['       −3.96      –', '       +0.06  50.84']);
});

test('Markdown tables keep pipes and backslashes inside their cells', () => {
  assert.equal(
    tableMarkdown({ header: ['a', 'b'], rows: [['x|y', 'c\\|\nd']] }),
    '| a | b |\n| --- | --- |\n| x\\|y | c\\\\\\| d |',
  );
});

test('scores stand beside the random structure and the commonest label', () => {
  assert.deepEqual(
    scoreTable(result)!.rows.map(row => row.slice(0, 2)),
    [
      ['this structure', '60.00'],
      ['random structure, equal budget', '55.25'],
      ['always the commonest label', '52.70'],
    ],
  );
  const { random: _, ...without } = result.score!;
  assert.equal(scoreTable({ ...result, score: without })!.rows.length, 2);
  const { score: __, ...unscored } = result;
  assert.equal(scoreTable(unscored), undefined);
});

test("table 5's form: time and memory of both stages with their ratios, dashes for what was not done", () => {
  assert.deepEqual(resourcesTable(result).rows, [['rte', '2.5 min', '50 s', '3.00', '2.2 GB', '2.0 GB', '1.10']]);
  const { search } = result.resources;
  assert.deepEqual(resourcesTable({ ...result, resources: { search: search! } }).rows, [
    ['rte', '2.5 min', '–', '–', '2.2 GB', '–', '–'],
  ]);
});

test('the budget in a sentence', () => {
  assert.equal(
    budgetSentence(result),
    '3 modules with 1,280 trainable parameters, of a budget of 1,310 (0.0139% of the backbone)',
  );
});

test('kept modules are grouped by position, with their layers', () => {
  const base = {
    site: 's',
    position: 'FFN.Wi',
    place: { stack: 'encoder' as const, layer: 0 },
    kind: 'LoRA',
    parameters: 500,
    p: 0.5,
    kept: true,
  };
  const table = keptTable([
    { ...base, layer: 'E.0' },
    { ...base, layer: 'D.1' },
    { ...base, layer: 'E.2', kept: false },
  ]);
  assert.deepEqual(table.rows, [['FFN.Wi LoRA', 'E.0 D.1', '1,000']]);
});

test('units', () => {
  assert.deepEqual([3.14, 75, 600, 10_000].map(duration), ['3.1 s', '75 s', '10.0 min', '2.8 h']);
  assert.deepEqual([36_400, 5e6, 1.61e10].map(bytes), ['36 kB', '5 MB', '16.1 GB']);
  assert.deepEqual([perTenThousand(3.48e-5), count(737668096), score(58.333)], ['0.348 ‱', '737,668,096', '58.33']);
});

const wideTable = {
  header: ['method', 'mean score of test', 'what it is'],
  rows: [
    ['found', '92.43', 'the structure that the search has found, tuned anew'],
    ['random-of-a-long-name', '9.1', 'one'],
  ],
};

test('a table wider than the terminal has its words wrapped within their columns, numbers in one piece', () => {
  for (const width of [80, 60, 50]) {
    const lines = tableLines(wideTable, width);
    assert.ok(
      lines.every(line => line.length <= width),
      lines.join('\n'),
    );
    const words = lines
      .join(' ')
      .split(/\s+/)
      .filter(word => !/^─*$/.test(word));
    const all = [wideTable.header, ...wideTable.rows].flat().join(' ').split(' ');
    assert.deepEqual(words.sort(), all.sort());
  }
  assert.deepEqual(tableLines(wideTable, 60), [
    'method                 mean score of  what it is',
    '                                test',
    '─────────────────────  ─────────────  ──────────────────',
    'found                          92.43  the structure that',
    '                                      the search has',
    '                                      found, tuned anew',
    'random-of-a-long-name            9.1  one',
  ]);
  assert.deepEqual(tableLines(wideTable, 200), tableLines(wideTable));
});

test('where words would not fit into their columns, rows stand one below the other', () => {
  assert.deepEqual(tableLines(wideTable, 30), [
    'method              found',
    'mean score of test  92.43',
    'what it is          the structure that the search has found, tuned anew',
    '',
    'method              random-of-a-long-name',
    'mean score of test  9.1',
    'what it is          one',
  ]);
});
