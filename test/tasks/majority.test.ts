import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorityScore, mostFrequentTarget } from '../../src/tasks/majority.ts';

const examples = (...targets: string[]) => targets.map((target, i) => ({ source: 's', target, line: i + 1 }));

test('the most frequent target, and of equally frequent ones the first', () => {
  assert.equal(mostFrequentTarget(examples('1', '0', '0')), '0');
  assert.equal(mostFrequentTarget(examples('1', '0', '0', '1')), '1');
  assert.throws(() => mostFrequentTarget([]), RangeError);
});

test('the answer comes from the training set, the score from the test set', () => {
  const train = examples('1', '1', '0');
  const test = examples('0', '0', '0', '1');
  assert.equal(majorityScore({ metric: 'accuracy', labels: ['0', '1'] }, train, test), 25);
  assert.equal(majorityScore({ metric: 'f1', labels: ['0', '1'] }, train, test), 40);
  assert.equal(majorityScore({ metric: 'matthews', labels: ['0', '1'] }, train, test), 0);
});

test('a constant answer has no correlation with scores', () => {
  const train = examples('3.8', '3.8', '1.0');
  assert.equal(majorityScore({ metric: 'pearson', labels: undefined }, train, examples('1.0', '2.0')), 0);
});
