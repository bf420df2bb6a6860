import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUniform } from '../../../../../src/core/random.ts';
import {
  createConcreteEstimator,
  createStraightThroughEstimator,
  type EstimatorOptions,
} from '../../../../../src/search/strategies/bilevel/estimators.ts';

const options: EstimatorOptions = {
  counts: [10, 20, 30, 40],
  budget: 45,
  gradient: 'global',
  tau: 1,
  beta: 0.6,
  uniforms: step => fillUniform(new Float64Array(4), 3, 'test', step),
};
const alpha = Float64Array.of(0.5, -0.3, 0, 1.1);
const [hard, soft] = [createStraightThroughEstimator(options), createConcreteEstimator(options)];

test('gates are 0 or 1, as the soft ones lie about a half, and the gradient is the soft ones’', () => {
  for (let step = 0; step < 50; step++) {
    const [hardDraw, softDraw] = [hard.sample(alpha, step), soft.sample(alpha, step)];
    assert.deepEqual(
      hardDraw.gates,
      softDraw.gates.map(z => (z > 0.5 ? 1 : 0)),
    );
    assert.deepEqual(hardDraw.backward([1, -2, 3, 4]), softDraw.backward([1, -2, 3, 4]));
  }
});

test('are open with probability p, whatever β, and spend the budget in the mean', () => {
  const p = hard.probabilities(alpha);
  for (const beta of [0.2, 1, 3]) {
    const estimator = createStraightThroughEstimator({ ...options, beta });
    const mean = new Float64Array(4);
    for (let step = 0; step < 5000; step++) {
      for (const [i, z] of estimator.sample(alpha, step).gates.entries()) mean[i]! += z / 5000;
    }
    for (const [i, value] of mean.entries()) assert.ok(Math.abs(value - p[i]!) < 0.03, `β ${beta}: ${value}, ${p[i]}`);
    const spent = mean.reduce((sum, value, i) => sum + value * options.counts[i]!, 0);
    assert.ok(Math.abs(spent - 45) < 2);
  }
});

test('evaluation uses the mean p; a budget for everything leaves nothing to search', () => {
  assert.deepEqual(hard.evaluationGates(alpha), soft.probabilities(alpha));
  assert.deepEqual(hard.penaltyGradient(alpha), new Float64Array(4));
  assert.deepEqual(
    [99, 100].map(budget => createStraightThroughEstimator({ ...options, budget }).settled),
    [false, true],
  );
});
