import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareLink, listed, listStateSearch, parseListState, parseRoute, runLink } from '../../src/page/address.ts';
import { scaleEnds, settingsThatDiffer } from '../../src/page/compare-page.ts';
import { alignSeries } from '../../src/page/figures.ts';
import { withChanges } from '../../src/page/live-data.ts';
import { leftText, settledText, stageText, stepNow, stepText } from '../../src/page/run-progress.ts';
import { cutMiddle, tellingNames, treeRows } from '../../src/page/run-tree.ts';
import type { RunSummary } from '../../src/report/run-summary.ts';

function run(id: string, changes: Partial<RunSummary> = {}): RunSummary {
  return { id, state: 'finished', changed: 0, task: 'rte', model: 'mini', method: 'search', seed: 0, ...changes };
}

test('an address leads back to what it was made of, whatever a run is called', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 4 }), ids => {
      assert.deepEqual(parseRoute(runLink(ids[0]!)), { view: 'run', id: ids[0] });
      assert.deepEqual(parseRoute(compareLink(ids)), { view: 'compare', ids });
    }),
  );
});

test('any other address is the overview', () => {
  for (const hash of ['', '#', '#/', '#/nothing', '#/run', '#/run/', '#/run/a/b', 'x']) {
    assert.deepEqual(parseRoute(hash), { view: 'overview' }, hash);
  }
  assert.deepEqual(parseRoute('#/run/100%'), { view: 'run', id: '100%' });
});

test('the filter wants every word, in any case and any place', () => {
  const runs = [run('a', { task: 'cola' }), run('b', { method: 'lora', seed: 12 }), run('c', { state: 'running' })];
  const ids = (filter: string) => listed(runs, filter, 'name').map(({ id }) => id);
  assert.deepEqual(ids(''), ['a', 'b', 'c']);
  assert.deepEqual(ids(' RTE  lora'), ['b']);
  assert.deepEqual(ids('running'), ['c']);
  assert.deepEqual(ids('seed12'), ['b']);
  assert.deepEqual(ids('cola lora'), []);
});

test('the list is ordered by time, by name with numbers as numbers, or by score with the unscored last', () => {
  const runs = [run('s10', { changed: 3 }), run('s9', { changed: 1, test: 50 }), run('s1', { changed: 2, test: 70 })];
  const ids = (order: 'newest' | 'name' | 'score') => listed(runs, '', order).map(({ id }) => id);
  assert.deepEqual(
    [ids('newest'), ids('name'), ids('score')],
    [
      ['s10', 's1', 's9'],
      ['s1', 's9', 's10'],
      ['s1', 's9', 's10'],
    ],
  );
});

test('scores of different metrics are not mixed in one order, and an order is turned round by its sign', () => {
  const runs = [
    run('a', { test: 50, metric: 'accuracy' }),
    run('m', { test: 70, metric: 'matthews' }),
    run('b', { test: 90, metric: 'accuracy' }),
    run('none'),
  ];
  const ids = (order: 'score' | '-name') => listed(runs, '', order).map(({ id }) => id);
  assert.deepEqual(ids('score'), ['b', 'a', 'm', 'none']);
  assert.deepEqual(ids('-name'), ['none', 'm', 'b', 'a']);
});

test('what is set of the list stands in the address and is read from there', () => {
  const state = { filter: 'rte lora & more', order: '-score', ticked: ['a/b', 'c?d#e'] } as const;
  assert.deepEqual(parseListState(listStateSearch(state)), state);
  assert.equal(listStateSearch({ filter: '', order: 'newest', ticked: [] }), '');
  assert.equal(parseListState('?order=nonsense').order, 'newest');
});

test('the list is a tree of folders, in the order of their first runs; a folder of one thing has no line', () => {
  const ids = ['cmp/rte/lora/seed-0', 'alone/a', 'cmp/rte/found/seed-1', 'cmp/rte/lora/seed-1', 'top'];
  const rows = (closed: string[] = []) =>
    treeRows(
      ids.map(id => run(id)),
      new Set(closed),
    ).map(row => `${' '.repeat(row.depth)}${row.name}${row.kind === 'folder' ? ` (${row.runs})` : ''}`);
  assert.deepEqual(rows(), ['cmp/rte (3)', ' lora (2)', '  seed-0', '  seed-1', ' found/seed-1', 'alone/a', 'top']);
  assert.deepEqual(rows(['cmp/rte/lora']), ['cmp/rte (3)', ' lora (2)', ' found/seed-1', 'alone/a', 'top']);
  assert.deepEqual(rows(['cmp/rte']), ['cmp/rte (3)', 'alone/a', 'top']);
});

test('compared runs are named by what tells them apart', () => {
  assert.deepEqual(tellingNames(['cmp/rte/lora/seed-0', 'cmp/rte/found/seed-0']), ['lora/seed-0', 'found/seed-0']);
  assert.deepEqual(tellingNames(['a/b', 'a/b/c']), ['b', 'b/c']);
  assert.deepEqual(tellingNames(['a/b']), ['a/b']);
});

test('of compared runs the settings are shown that differ, and no others', () => {
  const settings = (...lines: string[]) => lines.join('\n');
  const runs = [
    { name: 'a', config: settings('task: rte', 'budget: "500"', 'out: runs/a', '# a note', 'plugin:', '  - x.js') },
    { name: 'b', config: settings('budget: 500', 'task: rte', 'lr: 0.1', 'out: runs/b', 'plugin:', '  - y.js') },
  ];
  assert.deepEqual(settingsThatDiffer(runs), {
    header: ['setting', 'a', 'b'],
    rows: [
      ['plugin', '- x.js', '- y.js'],
      ['lr', '–', '0.1'],
    ],
  });
  assert.equal(settingsThatDiffer(runs.slice(0, 1)), undefined);
});

test('maps of one quantity share a scale, and no other', () => {
  const viewOf = (...judged: { p: number | null; worth?: number }[]) => ({
    modules: judged.map(each => ({
      ...{ site: 's', kind: 'LoRA', position: 'Q', layer: '0', parameters: 1, kept: false, ...each },
      place: { stack: 'encoder' as const, layer: 0 },
    })),
  });
  const ranked = viewOf({ p: null, worth: 40 }, { p: null, worth: 70 });
  assert.deepEqual(scaleEnds([viewOf({ p: 0.2 }), viewOf({ p: 0.4 }), ranked, viewOf()]), [0.4, 0.4, 1, 0.4]);
});

test('a long name loses its middle', () => {
  assert.equal(cutMiddle('sweep/stsb/lora/seed-12', 13), 'sweep/…eed-12');
  assert.equal(cutMiddle('short', 5), 'short');
});

test('a stage that goes on is shown by its pace, never past the next validation', () => {
  const at = { stage: 'search', step: 40, steps: 100, seconds: 20, every: 20 };
  assert.deepEqual(
    [0, 2, 5, 60].map(seconds => stepNow(at, seconds)),
    [40, 44, 50, 59],
  );
  assert.equal(stepNow({ ...at, step: 100 }, 60), 100);
  assert.equal(
    leftText(at, ['search', 'retrain', 'random', 'test']),
    'about 30 s left of the search, then training, random structure and test',
  );
  assert.equal(leftText({ ...at, stage: 'test' }, ['search', 'test']), 'about 30 s left');
  assert.equal(
    leftText({ ...at, later: 2.2 }, ['search', 'retrain', 'test']),
    'about 2.3 min left in all, 30 s of the search, then training and test',
  );
});

test('a run that was left between two validations names its step and theirs, one that has just begun neither', () => {
  const left = { stage: 'retrain', step: 197, steps: 1000, validated: 150 };
  assert.equal(stepText(left, 197), 'training, step 197 of 1,000 (last validated at step 150)');
  assert.equal(stageText(left), 'training 197/1000');
  const { validated: _, ...goesOn } = left;
  assert.equal(stepText(goesOn, 240, 'about '), 'training, about step 240 of 1,000');
  const begun = { stage: 'retrain', step: 0, steps: 0 };
  assert.deepEqual([stepText(begun, 0), stageText(begun)], ['training begins', 'training begins']);
});

test('how settled a search is: what it would keep, and what has stayed since half of its way', () => {
  const moment = (step: number, kept: number[]) => ({ step, p: [], kept });
  assert.equal(
    settledText([moment(10, [0, 1]), moment(20, [0, 1, 2]), moment(30, [1, 2]), moment(40, [1, 2, 3])]),
    'would keep 3 modules, 2 of them unchanged since step 20',
  );
  assert.equal(settledText([moment(10, [0])]), '');
});

test('changes are laid over what is known, a whole list replaces it', () => {
  const known = {
    runs: new Map([
      ['a', run('a')],
      ['b', run('b')],
    ]),
    comparisons: [],
    connected: false,
  };
  const changed = withChanges(known, { whole: false, runs: [run('b', { test: 5 }), run('c')], removed: ['a'] });
  assert.deepEqual([...changed.runs.keys()], ['b', 'c']);
  assert.deepEqual([changed.runs.get('b')!.test, changed.connected], [5, true]);
  assert.deepEqual([...withChanges(changed, { whole: true, runs: [run('d')], removed: [] }).runs.keys()], ['d']);
  assert.equal(known.runs.size, 2);
});

test('curves share their steps, with holes where one has no value', () => {
  const a = {
    name: 'a',
    points: [
      { step: 10, value: 1 },
      { step: 30, value: Number.NaN },
    ],
  };
  const b = {
    name: 'b',
    points: [
      { step: 20, value: 2 },
      { step: 10, value: 3 },
    ],
  };
  assert.deepEqual(alignSeries([a, b]), [
    [10, 20, 30],
    [1, null, null],
    [3, 2, null],
  ]);
  assert.deepEqual(alignSeries([]), [[]]);
});
