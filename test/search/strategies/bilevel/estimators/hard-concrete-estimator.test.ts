import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUniform } from '../../../../../src/core/random.ts';
import {
  createHardConcreteEstimator,
  type EstimatorOptions,
  openProbability,
  sumOf,
} from '../../../../../src/search/strategies/bilevel/estimators.ts';

const stretch = [-0.1, 1.1] as const;
const options: EstimatorOptions = {
  counts: [10, 20, 30, 40],
  budget: 25,
  gradient: 'local',
  tau: 0.7,
  beta: 0.8,
  l0: { weight: 0.3, stretch },
  uniforms: step => fillUniform(new Float64Array(4), 3, 'test', step),
};
const alpha = Float64Array.of(0.5, -0.3, -2.5, 1.1);
const moved = (i: number, h: number) => alpha.map((a, j) => (i === j ? a + h : a));

/** λ₀ Σ (nᵢ/n̄)·P(zᵢ > 0), written out. */
const penalty = (at: Float64Array): number =>
  0.3 *
  sumOf(
    openProbability(
      at.map(a => a / 0.7),
      0.8,
      stretch,
    ).map((open, i) => (open * options.counts[i]!) / 25),
  );

test('gates and their gradient are the whole chain’s from α', () => {
  const estimator = createHardConcreteEstimator(options);
  const inside = new Set<number>();
  for (let step = 0; step < 20; step++) {
    const { gates, backward } = estimator.sample(alpha, step);
    const gradient = backward([1, -2, 3, 0.5]);
    for (const [i, slope] of [1, -2, 3, 0.5].entries()) {
      const at = (h: number) => estimator.sample(moved(i, h), step).gates[i]!;
      if (gates[i]! > 0.01 && gates[i]! < 0.99) {
        inside.add(i);
        const difference = (slope * (at(1e-2) - at(-1e-2))) / 2e-2;
        assert.ok(Math.abs(gradient[i]! - difference) < 1e-3 * Math.abs(difference) + 1e-4, `step ${step}, gate ${i}`);
      } else if (gates[i] === 0 || gates[i] === 1) assert.equal(Math.abs(gradient[i]!), 0);
    }
  }
  assert.ok(inside.size >= 3, 'enough gates lay inside');
});

test('the penalty counts parameters in modules of mean size, and its gradient is that of central differences', () => {
  const gradient = createHardConcreteEstimator(options).penaltyGradient(alpha);
  for (const i of alpha.keys()) {
    const difference = (penalty(moved(i, 1e-5)) - penalty(moved(i, -1e-5))) / 2e-5;
    assert.ok(Math.abs(gradient[i]! - difference) < 1e-9);
  }
  const equal = createHardConcreteEstimator({ ...options, counts: [7, 7, 7, 7] }).penaltyGradient(alpha);
  const plain = createHardConcreteEstimator({ ...options, counts: [1, 1, 1, 1] }).penaltyGradient(alpha);
  for (const [i, value] of equal.entries()) assert.ok(Math.abs(value - plain[i]!) < 1e-12);
});

test('evaluation takes the gate of the median draw, closed where α is low enough', () => {
  const estimator = createHardConcreteEstimator({ ...options, uniforms: () => [0.5, 0.5, 0.5, 0.5], beta: 1 });
  const gates = estimator.evaluationGates(alpha);
  for (const [i, gate] of estimator.sample(alpha, 0).gates.entries()) assert.ok(Math.abs(gate - gates[i]!) < 1e-7);
  assert.equal(gates[2], 0);
  assert.ok(gates[0]! > 0 && gates[1]! > 0 && gates[3]! > gates[0]!);
});

test('probabilities are those of a gate to be open, and no budget is asked about', () => {
  const estimator = createHardConcreteEstimator({ ...options, budget: 1e9 });
  assert.equal(estimator.settled, false);
  const p = estimator.probabilities(alpha);
  let open = 0;
  for (let step = 0; step < 4000; step++) open += estimator.sample(alpha, step).gates[1]! > 0 ? 1 : 0;
  assert.ok(Math.abs(open / 4000 - p[1]!) < 0.03);
});

test('needs a penalty, and a stretch that cuts off', () => {
  const { l0: _, ...without } = options;
  assert.throws(() => createHardConcreteEstimator(without), RangeError);
  for (const wrong of [
    [0, 1.1],
    [-0.1, 1],
    [Number.NaN, 2],
  ] as const) {
    assert.throws(() => createHardConcreteEstimator({ ...options, l0: { weight: 1, stretch: wrong } }), RangeError);
  }
});
