import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Target } from '../../src/metrics/metric.ts';
import { type MetricName, metricNames, metrics } from '../../src/metrics/metrics.ts';

interface Case {
  readonly name: string;
  readonly labels: string[] | null;
  readonly predictions: string[];
  readonly targets: Target[];
  readonly expected: Partial<Record<MetricName, number>>;
}

const cases = JSON.parse(await readFile(new URL('../fixtures/metrics.json', import.meta.url), 'utf8')) as Case[];

test('every metric has cases', () => {
  for (const metric of metricNames) assert.ok(cases.filter(each => metric in each.expected).length >= 10, metric);
});

for (const { name, labels, predictions, targets, expected } of cases) {
  for (const [metric, value] of Object.entries(expected)) {
    test(`${metric} of ${name} equals scikit-learn's and scipy's`, () => {
      const ours = metrics[metric as MetricName](predictions, targets, labels ?? undefined);
      assert.ok(Math.abs(ours - value) < 1e-9, `${ours} instead of ${value}`);
    });
  }
}
