import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorityScore, mostFrequentAnswer } from '../../src/metrics/metric.ts';
import { metrics } from '../../src/metrics/metrics.ts';

test('the most frequent answer, and of equally frequent ones the first', () => {
  assert.equal(mostFrequentAnswer(['1', '0', '0']), '0');
  assert.equal(mostFrequentAnswer(['1', '0', '0', '1']), '1');
  assert.throws(() => mostFrequentAnswer([]), RangeError);
});

test('the answer comes from the training set, the score from the test set', () => {
  const sets = { train: ['1', '1', '0'], test: ['0', '0', '0', '1'], labels: ['0', '1'] };
  assert.equal(majorityScore(metrics.accuracy, sets), 25);
  assert.equal(majorityScore(metrics.f1, sets), 40);
  assert.equal(majorityScore(metrics.matthews, sets), 0);
});

test('a constant answer has no correlation with scores', () => {
  const sets = { train: ['3.8', '3.8', '1.0'], test: ['1.0', '2.0'], labels: undefined };
  assert.equal(majorityScore(metrics.pearson, sets), 0);
});
