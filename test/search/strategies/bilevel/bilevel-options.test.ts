import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  biLevelKeys,
  bilevel,
  completeOptions,
  contradictions,
  relaxationOf,
  unsaidOptions,
} from '../../../../src/search/strategies/bilevel/bilevel.ts';

const complete = (given: object = {}) => completeOptions(biLevelKeys.parse(given));

test('every combination of objective and gates that does not contradict itself has its estimator', () => {
  const names = { 'budget soft': 'concrete', 'budget hard': 'straight-through', 'l0 soft': 'hard-concrete' };
  for (const [choice, name] of Object.entries(names)) {
    const [objective, gates] = choice.split(' ');
    for (const order of ['first', 'one-sided', 'second', 'exact']) {
      if (choice === 'budget hard' && order === 'exact') continue;
      const options = complete({ objective, gates, order, tau: 0.3, beta: 0.5 });
      assert.ok(!contradictions.some(({ holds }) => holds(options)), `${choice} ${order}`);
      const { estimator, gradient, tau, beta, l0 } = relaxationOf(options);
      assert.deepEqual([estimator, tau, beta], [name, 0.3, 0.5]);
      assert.equal(gradient, objective === 'l0' ? 'local' : 'global');
      assert.deepEqual(l0, objective === 'l0' ? { weight: 1e-3, stretch: [-0.1, 1.1] } : undefined);
    }
  }
  assert.deepEqual(relaxationOf(complete({ objective: 'l0', 'l0-weight': 2, 'stretch-high': 3 })).l0, {
    weight: 2,
    stretch: [-0.1, 3],
  });
});

test('what is complete stays as it is', () => {
  for (const given of [
    {},
    { objective: 'l0' },
    { order: 'first', gradient: 'local', patience: 2, 'search-lr': 1e-3 },
  ]) {
    assert.deepEqual(complete(complete(given)), complete(given));
  }
});

test('what a run does not name was as it was before there was the key', () => {
  assert.deepEqual(unsaidOptions({ finalists: 4, judge: 'loss', 'fitting-only': true }), {});
  assert.deepEqual(unsaidOptions({ judge: 'loss', 'fitting-only': true }), { finalists: 1 });
  assert.deepEqual(unsaidOptions({ 'fitting-only': true, lr: 0.1 }), { finalists: 1, judge: 'score' });
  assert.deepEqual(unsaidOptions({ lr: 0.1 }), {
    ...{ finalists: 1, judge: 'score', 'fitting-only': false, 'search-lr': 0.1 },
  });
});

test('only under a shared budget has one to be given; less memory is to be had in the first order', () => {
  assert.deepEqual(
    ['budget', 'l0'].map(objective => bilevel.needsBudget!(complete({ objective }))),
    [true, false],
  );
  assert.deepEqual(
    bilevel.thrifty!(complete({ order: 'second' })).map(({ options }) => options),
    [{ order: 'first' }],
  );
  assert.deepEqual(bilevel.thrifty!(complete()), []);
});
