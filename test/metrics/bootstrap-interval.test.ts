import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapInterval } from '../../src/metrics/bootstrap-interval.ts';
import type { Target } from '../../src/metrics/target.ts';

const accuracy = (answers: readonly string[], targets: readonly Target[]) =>
  (100 * answers.filter((answer, i) => answer === (targets[i] as string)).length) / targets.length;

test('of an accuracy it is about the interval that a binomial distribution gives', () => {
  const targets = new Array<string>(1000).fill('1');
  const answers = targets.map((_, i) => (i % 4 === 0 ? '0' : '1'));
  const { low, high } = bootstrapInterval(accuracy, answers, targets)!;
  const half = 1.96 * 100 * Math.sqrt((0.75 * 0.25) / 1000);
  assert.ok(Math.abs(low - (75 - half)) < 0.5 && Math.abs(high - (75 + half)) < 0.5, `${low} ${high}`);
  assert.deepEqual(bootstrapInterval(accuracy, answers, targets), { low, high });
});

test('rows of a group are drawn together: fewer independent rows, a wider interval', () => {
  const rows = Array.from({ length: 400 }, (_, i) => Math.floor(i / 20));
  const isRight = (answers: readonly string[], targets: readonly Target[]) =>
    (100 * answers.filter(answer => answer === 'right').length) / targets.length;
  const answers = rows.map(group => (group % 2 === 0 ? 'right' : 'wrong'));
  const alone = bootstrapInterval(
    isRight,
    answers,
    rows.map(() => ({ answers: ['right'] })),
  )!;
  const grouped = bootstrapInterval(
    isRight,
    answers,
    rows.map(group => ({ answers: ['right'], group: `${group}` })),
  )!;
  assert.ok(grouped.high - grouped.low > 3 * (alone.high - alone.low));
});

test('nothing is said of a single row, or of a score that is none', () => {
  assert.equal(bootstrapInterval(accuracy, ['1'], ['1']), undefined);
  assert.equal(
    bootstrapInterval(() => Number.NaN, ['1', '0'], ['1', '1']),
    undefined,
  );
});
