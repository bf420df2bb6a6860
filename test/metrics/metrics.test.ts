import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confusion } from '../../src/metrics/class-metrics.ts';
import { type Metrics, metricNames, metrics, scaleOf } from '../../src/metrics/metrics.ts';

const BINARY = ['0', '1'];

test('no metric compares lists of different lengths, or empty ones', () => {
  for (const name of metricNames) {
    assert.throws(() => metrics[name](['1'], ['1', '0'], BINARY), /1 predictions for 2 targets/, name);
    assert.throws(() => metrics[name]([], [], BINARY), /no predictions/, name);
  }
});

test('an invalid prediction counts as the opposite of its target', () => {
  const counts = confusion(['?', '?', '1', '0'], ['1', '0', '1', '0'], BINARY);
  assert.deepEqual(counts, { truePositives: 1, falsePositives: 1, falseNegatives: 1, trueNegatives: 1 });
});

test('the second label is the positive one, whatever the labels are called', () => {
  const predictions = ['ham', 'spam', 'spam'];
  const targets = ['spam', 'spam', 'ham'];
  const counts = confusion(predictions, targets, ['ham', 'spam']);
  assert.deepEqual(counts, { truePositives: 1, falsePositives: 1, falseNegatives: 1, trueNegatives: 0 });
  assert.equal(metrics.f1(predictions, targets, ['ham', 'spam']), 50);
});

test('F1 and Matthews need two labels', () => {
  for (const name of ['f1', 'matthews'] as const) {
    assert.throws(() => metrics[name](['0'], ['0'], ['0', '1', '2']), /exactly two labels/);
    assert.throws(() => metrics[name](['0'], ['0'], undefined), /exactly two labels/);
  }
});

test('Matthews stays exact where the product of the counts would not', () => {
  const size = 200_000;
  const targets = Array.from({ length: size }, (_, i) => (i % 2 ? '1' : '0'));
  assert.ok(Math.abs(metrics.matthews(targets, targets, BINARY) - 100) < 1e-9);
});

test('Matthews keeps its bounds, whatever the roots round to', () => {
  for (let positives = 1; positives < 60; positives++) {
    const targets = Array.from({ length: 60 }, (_, i) => (i < positives ? '1' : '0'));
    const opposite = targets.map(target => (target === '1' ? '0' : '1'));
    assert.ok(metrics.matthews(targets, targets, BINARY) <= 100, `${positives} of 60`);
    assert.ok(metrics.matthews(opposite, targets, BINARY) >= -100, `${positives} of 60`);
  }
});

test('a constant whose mean is not exact in floating point has no correlation', () => {
  assert.equal(metrics.pearson(['0.1', '0.1', '0.1'], ['1.0', '2.0', '3.0'], undefined), 0);
});

test('Pearson takes a prediction that is no number for −1, and refuses such a target', () => {
  const { pearson } = metrics;
  assert.equal(
    pearson(['1', '2', 'x'], ['1', '2', '3'], undefined),
    pearson(['1', '2', '-1'], ['1', '2', '3'], undefined),
  );
  for (const target of ['x', '', 'NaN', '1e999', '0x10']) {
    assert.throws(() => pearson(['1', '2'], ['1', target], undefined), /compares numbers, and the target ".*" is none/);
  }
});

test('accuracy asks for the exact string', () => {
  assert.equal(metrics.accuracy(['1', ' 1', '1.0', ''], ['1', '1', '1', '1'], BINARY), 25);
});

test('a text stands for one right answer; what knows of one only refuses several', () => {
  assert.equal(metrics.accuracy(['1', '0'], ['1', { answers: ['1', '0'] }], BINARY), 100);
  assert.equal(metrics['token-f1'](['one two three'], ['two'], undefined), 50);
  assert.equal(metrics.f1(['1'], [{ answers: ['1'] }], BINARY), 100);
  for (const name of metricNames) {
    const judge = () => metrics[name](['1'], [{ answers: ['1', '0'] }], BINARY);
    if ((metrics as Metrics)[name]!.oneAnswer) assert.throws(judge, /one right answer/, name);
    else assert.equal(judge(), 100, name);
  }
});

test('an example without a group is one by itself', () => {
  const targets = ['1', '1', { answers: ['1'], group: 'a' }, { answers: ['1'], group: 'a' }];
  assert.equal(metrics['group-accuracy'](['1', '0', '1', '0'], targets, BINARY), 100 / 3);
});

test('what has no value says why, in words', () => {
  const why = (name: 'pearson' | 'spearman' | 'matthews', predictions: string[], targets: string[]) =>
    (metrics as Metrics)[name]!.undefinedFor!(predictions, targets);
  assert.match(why('pearson', ['2', '2'], ['1', '3'])!, /every answer is the same number/);
  assert.match(why('spearman', ['1', '2'], ['3', '3.0'])!, /every example has the same number/);
  assert.match(why('matthews', ['1', '1'], ['0', '1'])!, /every answer is the same/);
  assert.match(why('matthews', ['0', '1'], ['1', '1'])!, /every example has the same label/);
  for (const name of ['pearson', 'spearman', 'matthews'] as const) {
    assert.equal(why(name, ['0', '1'], ['0', '1']), undefined);
  }
});

test('a correlation may be below 0, and what is not known may be one', () => {
  assert.deepEqual(scaleOf('accuracy'), { low: 0, high: 100 });
  for (const name of ['matthews', 'pearson', 'spearman', 'pearson-spearman', 'of a plugin']) {
    assert.deepEqual(scaleOf(name), { low: -100, high: 100 });
  }
});

test('every metric says what it measures', () => {
  for (const name of metricNames) assert.match((metrics as Metrics)[name]!.description ?? '', /\w/, name);
});
