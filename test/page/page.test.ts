import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alignSeries } from '../../src/page/align-series.ts';
import { withChanges } from '../../src/page/changes.ts';
import { listed } from '../../src/page/filter.ts';
import { compareLink, parseRoute, runLink } from '../../src/page/route.ts';
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

test('changes are laid over what is known, a whole list replaces it', () => {
  const known = {
    runs: new Map([
      ['a', run('a')],
      ['b', run('b')],
    ]),
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
