import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assess, scoreInterval } from '../../src/metrics/assessment.ts';
import { type MetricName, metrics } from '../../src/metrics/metrics.ts';

interface Case {
  readonly metric: MetricName;
  readonly labels: string[] | null;
  readonly predictions: string[];
  readonly targets: string[];
  readonly low: number;
  readonly high: number;
}

const cases = JSON.parse(await readFile(new URL('../fixtures/intervals.json', import.meta.url), 'utf8')) as Case[];

for (const { metric, labels, predictions, targets, low, high } of cases) {
  test(`the interval of ${metric} over ${targets.length} examples is scipy's`, () => {
    const interval = scoreInterval(metrics[metric], predictions, targets, labels ?? undefined)!;
    const isShare = metric === 'accuracy';
    assert.equal(interval.method, isShare ? 'wilson' : 'bootstrap');
    // Other random draws move the ends of a bootstrap's interval by some hundredths of its width.
    const tolerance = isShare ? 1e-9 : (high - low) / 10;
    assert.ok(Math.abs(interval.low - low) < tolerance, `${interval.low} instead of ${low}`);
    assert.ok(Math.abs(interval.high - high) < tolerance, `${interval.high} instead of ${high}`);
  });
}

test('examples of a group are drawn together: they are no more than one', () => {
  const inGroups = (group: (i: number) => string | undefined) =>
    Array.from({ length: 100 }, (_, i) => ({ answers: ['1'], group: group(i) }));
  const predictions = Array.from({ length: 100 }, (_, i) => (i < 50 ? '1' : '0'));
  const width = (group: (i: number) => string | undefined) => {
    const { low, high } = scoreInterval(metrics.accuracy, predictions, inGroups(group), ['0', '1'])!;
    return high - low;
  };
  assert.ok(width(i => String(Math.floor(i / 10))) > 2 * width(() => undefined));
});

test('a score lies in its own interval: all right ends at 100, all wrong at 0', () => {
  for (const rows of [1, 3, 7, 20, 60, 97, 1000]) {
    const targets = new Array<string>(rows).fill('1');
    const right = scoreInterval(metrics.accuracy, targets, targets, ['0', '1'])!;
    assert.equal(right.high, 100, `${rows} rows`);
    const wrong = scoreInterval(metrics.accuracy, new Array<string>(rows).fill('0'), targets, ['0', '1'])!;
    assert.equal(wrong.low, 0, `${rows} rows`);
    assert.ok(right.low < 100 && wrong.high > 0);
  }
});

test('where every draw gives one score, as of constant answers, there is no interval: nothing shows how sure it is', () => {
  const targets = ['0', '1', '1', '0', '1', '0', '1', '0', '1', '0'];
  const constant = targets.map(() => '1');
  assert.equal(scoreInterval(metrics.matthews, constant, targets, ['0', '1']), undefined);
  assert.equal(scoreInterval(metrics.f1, targets, targets, ['0', '1']), undefined);
  const labels = ['no', 'yes'].map((name, i) => ({ name, word: String(i) }));
  assert.equal(assess({ metric: metrics.matthews, labels, commonest: '0' }, constant, targets).interval, undefined);
});

test('the same answers give the same interval', () => {
  const args = [metrics.f1, ['1', '0', '1'], ['1', '1', '1'], ['0', '1']] as const;
  assert.deepEqual(scoreInterval(...args), scoreInterval(...args));
});

test('answers are looked at from every side, classes by the names of the task', () => {
  const labels = ['ham', 'spam'].map((name, i) => ({ name, word: String(i) }));
  const judge = { metric: metrics.matthews, labels, commonest: '0' };
  const worth = assess(judge, ['0', '0', '0', '0'], ['0', '0', '0', '1']);
  assert.deepEqual([worth.score, worth.undefinedBecause], [0, 'every answer is the same']);
  assert.deepEqual(worth.majority, { answer: 'ham', score: 0 });
  assert.deepEqual(worth.classes!.confusion, [
    [3, 0, 0],
    [1, 0, 0],
  ]);
  assert.deepEqual(
    worth.classes!.perClass.map(({ label, support }) => [label, support]),
    [
      ['ham', 3],
      ['spam', 1],
    ],
  );
  assert.equal(assess({ ...judge, labels: undefined, metric: metrics.accuracy }, ['a'], ['a']).classes, undefined);
  const several = [{ answers: ['0', '1'] }];
  assert.equal(assess({ ...judge, metric: metrics.accuracy }, ['0'], several).classes, undefined);
});
