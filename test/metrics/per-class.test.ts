import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { confusionTable, perClass } from '../../src/metrics/class-metrics.ts';

interface Case {
  readonly name: string;
  readonly labels: string[];
  readonly predictions: string[];
  readonly targets: string[];
  readonly expected: { precision: number[]; recall: number[]; f1: number[]; support: number[]; table: number[][] };
}

const cases = JSON.parse(await readFile(new URL('../fixtures/class-scores.json', import.meta.url), 'utf8')) as Case[];

for (const { name, labels, predictions, targets, expected } of cases) {
  test(`classes of ${name} fare as scikit-learn says`, () => {
    const scores = perClass(predictions, targets, labels);
    for (const key of ['precision', 'recall', 'f1'] as const) {
      scores.forEach((each, i) => {
        assert.ok(Math.abs(each[key] - expected[key][i]!) < 1e-9, `${key} of ${each.label}: ${each[key]}`);
      });
    }
    assert.deepEqual(
      scores.map(({ support }) => support),
      expected.support,
    );
    assert.deepEqual(confusionTable(predictions, targets, labels), expected.table);
  });
}

test('an example with several right answers has no place in a table', () => {
  assert.throws(() => confusionTable(['a'], [{ answers: ['a', 'b'] }], ['a', 'b']), /one right answer/);
});
