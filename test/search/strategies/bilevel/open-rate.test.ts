import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUniform } from '../../../../src/core/random.ts';
import {
  binaryConcrete,
  binaryConcreteMean,
  estimators,
  openRateShare,
} from '../../../../src/search/strategies/bilevel/estimators.ts';

const counts = Array.from({ length: 100 }, () => 50);
const options = { counts, gradient: 'global', tau: 1, beta: 1, uniforms: () => counts.map(() => 0.5) } as const;

test('the mean of a gate is its closed form at β = 1', () => {
  for (const logit of [-9, -4.4, -1, 1e-9, 0.7, 3]) {
    const a = Math.exp(logit);
    const exact = Math.abs(logit) < 1e-6 ? 0.5 : (a * (a - 1 - logit)) / (a - 1) ** 2;
    assert.ok(Math.abs(binaryConcreteMean([logit], 1)[0]! - exact) < 1e-7, `${logit}`);
  }
});

test('at any β it is what draws come to', () => {
  const draws = 200_000;
  for (const [logit, beta] of [
    [-3, 0.5],
    [0.5, 0.2],
    [-2, 2],
  ] as const) {
    const uniforms = fillUniform(new Float64Array(draws), 7, 'test/gates', 0);
    const gates = binaryConcrete(new Float64Array(draws).fill(logit), uniforms, beta);
    const mean = gates.reduce((sum, gate) => sum + gate, 0) / draws;
    assert.ok(Math.abs(binaryConcreteMean([logit], beta)[0]! - mean) < 3e-3, `${logit}, ${beta}: ${mean}`);
  }
});

test('the share is half of the budget over what is open, and nears a half as α decides', () => {
  const budget = 100;
  const estimator = estimators.concrete({ ...options, budget });
  const undecided = new Float64Array(counts.length);
  const a = 0.02 / 0.98;
  const mean = (a * (a - 1 - Math.log(a))) / (a - 1) ** 2;
  const share = openRateShare(estimator, undecided, { counts, budget });
  assert.ok(Math.abs(share - 0.02 / mean / 2) < 1e-4, `${share}`);
  const decided = undecided.map((_, i) => (i < 2 ? 40 : -40));
  assert.ok(Math.abs(openRateShare(estimator, decided, { counts, budget }) - 0.5) < 0.01);
});

test('hard gates are open as often as p says, and an L0 penalty shares no budget', () => {
  const budget = 100;
  const alpha = new Float64Array(counts.length);
  const hard = openRateShare(estimators['straight-through']({ ...options, budget }), alpha, { counts, budget });
  assert.ok(Math.abs(hard - 0.5) < 1e-6, `${hard}`);
  const l0 = { weight: 1e-3, stretch: [-0.1, 1.1] as const };
  const penalised = estimators['hard-concrete']({ ...options, gradient: 'local', budget, l0 });
  assert.equal(openRateShare(penalised, alpha, { counts, budget }), 1);
});
