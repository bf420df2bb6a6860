import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUniform } from '../../../../../src/core/random.ts';
import {
  createConcreteEstimator,
  type EstimatorOptions,
  sumOf,
} from '../../../../../src/search/strategies/bilevel/estimators.ts';

const options: EstimatorOptions = {
  counts: [10, 20, 30, 40],
  budget: 25,
  gradient: 'global',
  tau: 1,
  beta: 1,
  uniforms: step => fillUniform(new Float64Array(4), 3, 'test', step),
};
const alpha = Float64Array.of(0.5, -0.3, 0, 1.1);

test('probabilities spend the budget and follow α', () => {
  const p = createConcreteEstimator(options).probabilities(alpha);
  assert.ok(Math.abs(sumOf(p.map((value, i) => value * options.counts[i]!)) - 25) < 1e-12);
  assert.ok(p[3]! > p[0]! && p[0]! > p[2]! && p[2]! > p[1]!);
});

test('the draws belong to the step, not to α', () => {
  const estimator = createConcreteEstimator(options);
  const { gates } = estimator.sample(alpha, 5);
  assert.deepEqual(estimator.sample(alpha, 5).gates, gates);
  assert.notDeepEqual(estimator.sample(alpha, 6).gates, gates);
  // With the same u, a larger α gives a larger gate at the same ζ.
  const moved = estimator.sample(
    alpha.map((a, i) => (i === 0 ? a + 1 : a)),
    5,
  ).gates;
  assert.ok(moved[0]! > gates[0]!);
});

test('the local gradient is the whole chain’s at fixed ζ', () => {
  // Equal shifts of all α leave p unchanged, so that ζ is held by moving one α alone in a space where it weighs nothing.
  const counts = [1e-9, 20, 30, 40];
  const estimator = createConcreteEstimator({ ...options, counts, gradient: 'local', tau: 0.7, beta: 0.8 });
  const gradient = estimator.sample(alpha, 2).backward([3, 0, 0, 0]);
  const at = (h: number) =>
    estimator.sample(
      alpha.map((a, i) => (i === 0 ? a + h : a)),
      2,
    ).gates[0]!;
  const difference = (3 * (at(1e-2) - at(-1e-2))) / 2e-2;
  assert.ok(Math.abs(gradient[0]! - difference) < 1e-4 * Math.abs(difference) + 1e-4);
  assert.deepEqual(Array.from(gradient.slice(1)), [0, 0, 0]);
});

test('the global gradient sums to zero over p-weighted parameters when ∂L/∂p are equal', () => {
  const estimator = createConcreteEstimator(options);
  const p = estimator.probabilities(alpha);
  const { gates, backward } = estimator.sample(alpha, 1);
  // ∂L/∂z chosen so that ∂L/∂p = 1 for all: ∂z/∂p = z(1 − z)/(p(1 − p)) at β = 1.
  const gateGradient = Array.from(gates, (z, i) => (p[i]! * (1 - p[i]!)) / (z * (1 - z)));
  for (const value of backward(gateGradient)) assert.ok(Math.abs(value) < 1e-6);
});
