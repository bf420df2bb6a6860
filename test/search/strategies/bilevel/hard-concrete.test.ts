import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fillUniform } from '../../../../src/core/random.ts';
import {
  binaryConcrete,
  hardConcrete,
  hardConcreteGradient,
  openProbability,
  sigmoid,
} from '../../../../src/search/strategies/bilevel/estimators.ts';

const draws = 40_000;
const logit = (p: number) => Math.log(p / (1 - p));
const stretches = fc.tuple(
  fc.double({ min: -2, max: -0.01, noNaN: true }),
  fc.double({ min: 1.01, max: 3, noNaN: true }),
);
const logits = fc.double({ min: -6, max: 6, noNaN: true });
const betas = fc.double({ min: 0.2, max: 3, noNaN: true });
const close = (a: number, b: number, tolerance = 1e-12) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ≠ ${b}`);

test('a gate is the Binary Concrete one, stretched and cut off', () => {
  assert.deepEqual(
    hardConcrete(Float64Array.of(0, 0.05, 0.25, 0.5, 0.95, 1), [-0.25, 1.25]),
    Float64Array.of(0, 0, 0.125, 0.5, 1, 1),
  );
});

test('P(z > 0) is exact: the draw at which a gate opens has that probability above it, in closed form', () => {
  fc.assert(
    fc.property(logits, betas, stretches, (value, beta, stretch) => {
      const open = openProbability(Float64Array.of(value), beta, stretch)[0]!;
      fc.pre(open > 1e-6 && open < 1 - 1e-6);
      // z > 0 means u > 1 − P(z > 0), as z grows with u ~ U(0, 1).
      const gateOf = (u: number) => hardConcrete(binaryConcrete([value], [u], beta), stretch)[0]!;
      assert.equal(gateOf(1 - open - 1e-7), 0);
      assert.ok(gateOf(1 - open + 1e-7) > 0);
    }),
  );
});

test('P(z = 1) is that of a gate at the mirrored stretch to be 0', () => {
  fc.assert(
    fc.property(logits, betas, stretches, (value, beta, [low, high]) => {
      // 1 − z is hard concrete too, of logit −value, stretched to (1 − r, 1 − l).
      const soft = binaryConcrete([value], [0.3], beta);
      const mirrored = binaryConcrete([-value], [0.7], beta);
      close(hardConcrete(soft, [low, high])[0]!, 1 - hardConcrete(mirrored, [1 - high, 1 - low])[0]!, 1e-9);
      const shut = 1 - openProbability(Float64Array.of(-value), beta, [1 - high, 1 - low])[0]!;
      close(shut, sigmoid(value - beta * logit((1 - low) / (high - low))), 1e-9);
    }),
  );
});

for (const [p, beta, stretch] of [
  [0.5, 1, [-0.1, 1.1]],
  [0.2, 2 / 3, [-0.1, 1.1]],
  [0.8, 0.5, [-0.5, 1.2]],
] as const) {
  test(`frequencies of 0 and 1 are the closed forms (p ${p}, β ${beta}, stretch ${stretch})`, () => {
    const values = new Float64Array(draws).fill(logit(p));
    const soft = binaryConcrete(values, fillUniform(new Float64Array(draws), 5, `hard ${p}`), beta);
    const gates = hardConcrete(soft, stretch);
    const [low, high] = stretch;
    const shareOf = (wanted: number) => gates.filter(z => z === wanted).length / draws;
    const deviation = 4 * Math.sqrt(0.25 / draws);
    close(shareOf(0), 1 - openProbability(values, beta, stretch)[0]!, deviation);
    close(shareOf(0), sigmoid(beta * Math.log(-low / high) - logit(p)), deviation);
    close(shareOf(1), 1 - sigmoid(beta * Math.log((1 - low) / (high - 1)) - logit(p)), deviation);
    assert.ok(shareOf(0) > 0.01 && shareOf(1) > 0.01);
  });
}

test('more is open where the logit is larger, and all as β·log(−l/r) falls', () => {
  fc.assert(
    fc.property(logits, betas, stretches, (value, beta, stretch) => {
      const [less, more] = openProbability(Float64Array.of(value, value + 0.1), beta, stretch);
      assert.ok(more! > less!);
      const [wider] = openProbability(Float64Array.of(value), beta, [stretch[0] * 2, stretch[1]]);
      assert.ok(wider! < less!);
    }),
  );
});

test('the gradient is that of central differences between the ends, and 0 where the gate is cut off', () => {
  const soft = Float64Array.of(0.02, 0.3, 0.6, 0.97);
  const stretch = [-0.1, 1.1] as const;
  const gradient = hardConcreteGradient(soft, [5, 2, -1, 3], stretch);
  const [plus, minus] = [1e-6, -1e-6].map(h =>
    hardConcrete(
      soft.map(s => s + h),
      stretch,
    ),
  );
  for (const [i, factor] of [5, 2, -1, 3].entries()) {
    close(gradient[i]!, (factor * (plus![i]! - minus![i]!)) / 2e-6, 1e-8);
  }
  assert.deepEqual([gradient[0], gradient[3]], [0, 0]);
});
