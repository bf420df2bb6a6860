import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fillNormal } from '../../src/core/random.ts';
import {
  chiSquaredQuantile,
  expectedMaximum,
  fisherQuantile,
  normalQuantile,
  studentQuantile,
  varianceComponents,
} from '../../src/core/statistics.ts';

interface Fixture {
  readonly quantiles: readonly { of: keyof typeof quantiles; share: number; degrees: number[]; value: number }[];
  readonly components: readonly { scores: number[][]; between: number; within: number }[];
}

const quantiles = {
  normal: (share: number) => normalQuantile(share),
  student: (share: number, [degrees]: number[]) => studentQuantile(share, degrees!),
  'chi-squared': (share: number, [degrees]: number[]) => chiSquaredQuantile(share, degrees!),
  fisher: (share: number, [above, below]: number[]) => fisherQuantile(share, above!, below!),
};

const { quantiles: known, components } = JSON.parse(
  await readFile(new URL('../fixtures/variance.json', import.meta.url), 'utf8'),
) as Fixture;

for (const name of Object.keys(quantiles) as (keyof typeof quantiles)[]) {
  test(`quantiles of the ${name} distribution are scipy's`, () => {
    const own = known.filter(({ of }) => of === name);
    assert.ok(own.length >= 7);
    for (const { share, degrees, value } of own) {
      const found = quantiles[name](share, degrees);
      assert.ok(
        Math.abs(found - value) <= 1e-8 * Math.max(Math.abs(value), 1e-3),
        `${share} ${degrees}: ${found}, not ${value}`,
      );
    }
  });
}

test('components are those of the restricted likelihood, maximised without any sum of squares', () => {
  for (const { scores, between, within } of components) {
    const found = varianceComponents(scores)!;
    assert.ok(Math.abs(found.between.sd - between) < 1e-5, `${found.between.sd}, not ${between}`);
    assert.ok(Math.abs(found.within.sd - within) < 1e-5, `${found.within.sd}, not ${within}`);
    for (const { sd, low, high } of [found.between, found.within]) assert.ok(low <= sd && sd <= high);
  }
});

test('95 % intervals hold the truth in about 95 % of simulated experiments', () => {
  const [structures, seeds, rounds] = [12, 2, 400];
  for (const [between, within] of [
    [2, 1.3],
    [0.5, 1],
    [0, 1],
  ] as const) {
    const held = { between: 0, within: 0 };
    for (let round = 0; round < rounds; round++) {
      const [a, b, e] = [structures, seeds, structures * seeds].map((size, i) =>
        fillNormal(new Float64Array(size), 7, `test/variance-${i}`, round),
      );
      const scores = Array.from({ length: structures }, (_, i) =>
        Array.from({ length: seeds }, (_, j) => between * a![i]! + 3 * b![j]! + within * e![i * seeds + j]!),
      );
      const found = varianceComponents(scores)!;
      if (found.between.low <= between && between <= found.between.high) held.between += 1;
      if (found.within.low <= within && within <= found.within.high) held.within += 1;
    }
    // Two standard deviations of the share of 400 that hold, and a little for the interval being approximate.
    assert.ok(held.between / rounds > 0.92 && held.within / rounds > 0.92, JSON.stringify(held));
    if (between > 0) assert.ok(held.between / rounds < 0.985, JSON.stringify(held));
  }
});

test('one structure or one seed has no components; what seeds do to all alike is no noise', () => {
  assert.equal(varianceComponents([[1, 2]]), undefined);
  assert.equal(varianceComponents([[1], [2]]), undefined);
  const found = varianceComponents([
    [70, 75],
    [72, 77],
    [71, 76],
  ])!;
  assert.ok(found.within.sd < 1e-9);
  assert.ok(Math.abs(found.between.sd - 1) < 1e-9);
});

test('equal structures do not differ, not even by what sums round off', () => {
  for (const seeds of [
    [81.1, 81.1],
    [81.1, 83.3],
    [52.71, 47.9, 51.3],
  ]) {
    const { between } = varianceComponents(new Array<number[]>(12).fill(seeds))!;
    assert.deepEqual(between, { sd: 0, low: 0, high: 0 });
  }
});

test('the best of twelve is 1.63 deviations above the mean; more seeds show smaller differences', () => {
  assert.ok(Math.abs(expectedMaximum(12) - 1.629) < 0.01);
  assert.equal(expectedMaximum(1), 0);
});
