import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestNames } from '../../src/core/nearest.ts';

test('known edit distances', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('budget', 'budgt'), 1);
});

test('the edit distance is a metric', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      assert.equal(editDistance(a, a), 0);
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.ok(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c));
      assert.ok(editDistance(a, b) >= Math.abs(a.length - b.length));
    }),
  );
});

test('names are suggested best first, whatever their case, and only near ones', () => {
  assert.deepEqual(nearestNames('BUDGT', ['task', 'budget', 'beta']), ['budget']);
  assert.deepEqual(nearestNames('rta', ['cola', 'rte', 'mrpc', 'rt'], 2), ['rte', 'rt']);
  assert.deepEqual(nearestNames('something-else', ['task', 'budget']), []);
});
