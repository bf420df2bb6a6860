import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUniform } from '../../../../src/core/random.ts';
import {
  binaryConcrete,
  binaryConcreteGradient,
  sigmoid,
} from '../../../../src/search/strategies/bilevel/estimators.ts';

const draws = 40_000;
const logit = (p: number) => Math.log(p / (1 - p));

function sample(p: number, beta: number): Float64Array {
  return binaryConcrete(
    new Float64Array(draws).fill(logit(p)),
    fillUniform(new Float64Array(draws), 7, `p ${p}`),
    beta,
  );
}

function share(values: Float64Array, condition: (value: number) => boolean): number {
  return values.filter(condition).length / values.length;
}

test('is the formula of eq. 23', () => {
  const [p, u, beta] = [0.3, 0.8, 0.7];
  const wanted = 1 / (1 + Math.exp(-Math.log((u * p) / ((1 - u) * (1 - p))) / beta));
  assert.ok(Math.abs(binaryConcrete([logit(p)], [u], beta)[0]! - wanted) < 1e-15);
});

for (const p of [0.02, 0.3, 0.5, 0.9]) {
  const deviation = 4 * Math.sqrt((p * (1 - p)) / draws);

  test(`P(z > 0.5) = p = ${p}, whatever β (eq. 24)`, () => {
    for (const beta of [0.1, 1, 3]) assert.ok(Math.abs(share(sample(p, beta), z => z > 0.5) - p) < deviation);
  });

  test(`as β → 0, z tends to Bernoulli(${p}) (eq. 25–26)`, () => {
    const hard = sample(p, 1e-4);
    assert.ok(share(hard, z => z > 1e-6 && z < 1 - 1e-6) < 0.005);
    assert.ok(Math.abs(share(hard, z => z > 0.999) - p) < deviation);
    assert.ok(Math.abs(share(hard, z => z < 0.001) - (1 - p)) < deviation);
  });

  test(`the whole law: P(z ≤ x) = σ(β·logit(x) − logit(p)), p = ${p}`, () => {
    for (const beta of [0.5, 1, 2]) {
      const values = sample(p, beta);
      for (const x of [0.1, 0.5, 0.9]) {
        const wanted = sigmoid(beta * logit(x) - logit(p));
        assert.ok(Math.abs(share(values, z => z <= x) - wanted) < 0.011, `β ${beta}, x ${x}`);
      }
    }
  });
}

test('the gradient is that of central differences', () => {
  const logits = [-3, 0.2, 4];
  const uniforms = [0.9, 0.4, 0.01];
  for (const beta of [0.3, 1]) {
    const gates = binaryConcrete(logits, uniforms, beta);
    const gradient = binaryConcreteGradient(gates, [2, -1, 0.5], beta);
    const plus = binaryConcrete(
      logits.map(value => value + 1e-6),
      uniforms,
      beta,
    );
    const minus = binaryConcrete(
      logits.map(value => value - 1e-6),
      uniforms,
      beta,
    );
    for (const [i, factor] of [2, -1, 0.5].entries()) {
      assert.ok(Math.abs(gradient[i]! - (factor * (plus[i]! - minus[i]!)) / 2e-6) < 1e-8);
    }
  }
});

test('the ends of every input stay inside [0, 1] and are numbers', () => {
  const extremes = binaryConcrete([-16.2, 16.2, -16.2, 16.2], [2 ** -24, 2 ** -24, 1 - 2 ** -24, 1 - 2 ** -24], 1e-3);
  assert.ok(extremes.every(z => z >= 0 && z <= 1));
  assert.ok(binaryConcreteGradient(extremes, [1, 1, 1, 1], 1e-3).every(Number.isFinite));
});
