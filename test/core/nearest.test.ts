import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestNames } from '../../src/core/checked-values.ts';

test('a slip of the pen is a letter too many, too few or another one', () => {
  const names = ['budget', 'batch-size', 'order'];
  assert.deepEqual(nearestNames('budgget', names), ['budget']);
  assert.deepEqual(nearestNames('bugdet', names), ['budget']);
  assert.deepEqual(nearestNames('batchsize', names), ['batch-size']);
  assert.deepEqual(nearestNames('b', names), []);
});

test('names are suggested best first, whatever their case, and only near ones', () => {
  assert.deepEqual(nearestNames('BUDGT', ['task', 'budget', 'beta']), ['budget']);
  assert.deepEqual(nearestNames('rta', ['cola', 'rte', 'mrpc', 'rt'], 2), ['rte', 'rt']);
  assert.deepEqual(nearestNames('something-else', ['task', 'budget']), []);
});
