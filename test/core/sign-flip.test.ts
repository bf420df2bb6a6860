import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { mean, signFlipTest, standardDeviation, studentInterval } from '../../src/core/statistics.ts';

interface Case {
  readonly name: string;
  readonly differences: number[];
  readonly mean: number;
  readonly sd: number;
  readonly p: number;
}

const cases = JSON.parse(await readFile(new URL('../fixtures/sign-flip.json', import.meta.url), 'utf8')) as Case[];

for (const { name, differences, ...expected } of cases) {
  test(`${name}: mean, standard deviation and p are numpy's and scipy's`, () => {
    const found = signFlipTest(differences)!;
    assert.ok(Math.abs(found.p - expected.p) < 1e-12, `${found.p} instead of ${expected.p}`);
    assert.ok(Math.abs(found.difference - expected.mean) < 1e-12);
    assert.equal(found.difference, mean(differences));
    const sd = standardDeviation(differences);
    assert.ok(Math.abs(sd! - expected.sd) < 1e-12, `${sd} instead of ${expected.sd}`);
  });
}

const differences = fc.array(
  fc.integer({ min: -50, max: 50 }).map(value => value / 10),
  { minLength: 1, maxLength: 9 },
);

test('p is never below the smallest that so many pairs can give, and does not see which side is which', () => {
  fc.assert(
    fc.property(differences, values => {
      const { p, smallestP, pairs } = signFlipTest(values)!;
      assert.equal(pairs, values.length);
      assert.equal(smallestP, 2 ** (1 - values.length));
      assert.ok(p >= smallestP && p <= 1);
      assert.equal(signFlipTest(values.map(value => -value))!.p, p);
      assert.equal(signFlipTest(values.toReversed())!.p, p);
    }),
  );
});

test('a single value has no standard deviation', () => {
  assert.equal(standardDeviation([3]), undefined);
});

test('differences of one sign give the smallest p', () => {
  assert.equal(signFlipTest([1, 2, 3, 4, 5])!.p, 2 / 32);
  assert.equal(signFlipTest([]), undefined);
});

test('differences that are no numbers have no p', () => {
  assert.equal(signFlipTest([Number.NaN, Number.NaN]), undefined);
  assert.equal(signFlipTest([1, 2, Number.NaN, 4, 5, 6]), undefined);
  assert.equal(signFlipTest([1, Number.POSITIVE_INFINITY]), undefined);
});

test('the mean of equal values is that value, and they do not differ', () => {
  for (const value of [81.1, 0.1, 52.71, 1 / 3]) {
    for (const count of [3, 6, 7, 24]) {
      const values = new Array<number>(count).fill(value);
      assert.equal(mean(values), value);
      assert.equal(standardDeviation(values), 0);
      assert.deepEqual(studentInterval(values), { low: value, high: value });
    }
  }
  assert.ok(Number.isNaN(mean([])) && Number.isNaN(mean([1, Number.NaN])));
});

test('beyond twenty pairs sign patterns are drawn, the same ones every time', () => {
  const values = Array.from({ length: 24 }, (_, i) => (i % 5 === 0 ? -1 : 0.3) + i / 100);
  const drawn = signFlipTest(values)!;
  assert.deepEqual(signFlipTest(values), drawn);
  // The sum of random signs is close to normal: p of the two-sided normal test.
  const z = Math.abs(values.reduce((a, b) => a + b, 0)) / Math.sqrt(values.reduce((a, b) => a + b * b, 0));
  const normal = 2 * (1 - normalDistribution(z));
  assert.ok(Math.abs(drawn.p - normal) < 0.02, `${drawn.p} beside ${normal}`);
});

/** Abramowitz and Stegun 26.2.17, to 1e-7. */
function normalDistribution(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
