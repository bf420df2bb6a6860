import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  alphaGradients,
  LOGIT_LIMIT,
  shiftedLogits,
  sigmoid,
  solveShift,
  sumOf,
} from '../../../../src/search/strategies/bilevel/estimators.ts';

/** Σ nᵢ·σ((αᵢ − ζ)/τ) and, added up by itself, what is left out: both without cancellation. */
function spent(alpha: readonly number[], counts: readonly number[], zeta: number, tau: number) {
  const kept = sumOf(alpha.map((a, i) => counts[i]! * sigmoid((a - zeta) / tau)));
  const left = sumOf(alpha.map((a, i) => counts[i]! * sigmoid((zeta - a) / tau)));
  return { kept, left };
}

/**
 * ζ is exact when both what is kept and what is left out agree with the budget to rounding: of the sums, of the
 * logits (as many units in the last place as α and ζ are large beside τ), and of B and Σn − B themselves.
 */
function assertExact(alpha: readonly number[], counts: readonly number[], budget: number, tau: number): void {
  const zeta = solveShift(alpha, counts, budget, tau);
  const total = sumOf(counts);
  const { kept, left } = spent(alpha, counts, zeta, tau);
  const largest = Math.max(Math.abs(zeta), ...alpha.map(Math.abs));
  const tolerance = Number.EPSILON * (16 + 4 * alpha.length + (4 * largest) / tau);
  const message = `ζ = ${zeta}: kept ${kept} of ${budget}, left ${left} of ${total - budget}`;
  assert.ok(Math.abs(kept - budget) <= tolerance * budget + Number.EPSILON * total, message);
  assert.ok(Math.abs(left - (total - budget)) <= tolerance * (total - budget) + Number.EPSILON * total, message);
  // The smaller of the two sides must hold to its own size, not only to the total's.
  if (budget <= total / 2) assert.ok(Math.abs(kept - budget) <= tolerance * budget, message);
  else assert.ok(Math.abs(left - (total - budget)) <= tolerance * (total - budget), message);
}

const module = (range: number) =>
  fc.tuple(fc.double({ min: -range, max: range, noNaN: true }), fc.integer({ min: 1, max: 10_000_000 }));

test('equal α: the closed form ζ = α − τ·logit(B/Σn)', () => {
  assert.equal(solveShift([0, 0], [10, 30], 20, 1), 0);
  assert.equal(solveShift([3, 3], [10, 30], 4, 0.5), 3 - 0.5 * Math.log(4 / 36));
});

test('a choice nearly made: what is kept and what is not lack the same', () => {
  // With n = 1, B = 1 and α = ±a the root is 0 by symmetry, however steep the sigmoids.
  for (const a of [0.5, 5, 16, 300])
    assert.ok(Math.abs(solveShift([a, -a], [1, 1], 1, 1)) <= Number.EPSILON * Math.max(1, a), `a = ${a}`);
  // Three of weight 1 above and two of weight 2 below: 3·e^(ζ − 20) = 4·e^(−20 − ζ), up to terms of e^(−20).
  const zeta = solveShift([20, 20, 20, -20, -20], [1, 1, 1, 2, 2], 3, 1);
  assert.ok(Math.abs(zeta - Math.log(4 / 3) / 2) < 1e-8);
});

test('spends exactly the budget, for any α, counts, budget and temperature', () => {
  fc.assert(
    fc.property(
      fc.array(module(20), { minLength: 1, maxLength: 40 }),
      fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }),
      fc.constantFrom(0.1, 0.3, 1, 10),
      (modules, share, tau) => {
        const counts = modules.map(([, count]) => count);
        assertExact(
          modules.map(([a]) => a),
          counts,
          share * sumOf(counts),
          tau,
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('also nearly nothing and nearly everything', () => {
  fc.assert(
    fc.property(
      fc.array(module(20), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 15 }),
      fc.boolean(),
      (modules, digits, nearlyAll) => {
        const counts = modules.map(([, count]) => count);
        const total = sumOf(counts);
        const budget = nearlyAll ? total - total * 10 ** -digits : total * 10 ** -(20 * digits);
        fc.pre(budget > 0 && budget < total);
        assertExact(
          modules.map(([a]) => a),
          counts,
          budget,
          1,
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('also for α of any size', () => {
  fc.assert(
    fc.property(
      fc.array(module(1e12), { minLength: 2, maxLength: 10 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (modules, share) => {
        const counts = modules.map(([, count]) => count);
        const alpha = modules.map(([a]) => a);
        const total = sumOf(counts);
        const zeta = solveShift(alpha, counts, share * total, 1);
        // One unit in the last place of ζ may be more than the sigmoid's whole rise: then the root is between neighbours.
        const step = 4 * Number.EPSILON * Math.max(1, ...alpha.map(Math.abs));
        assert.ok(spent(alpha, counts, zeta - step, 1).kept >= share * total * (1 - 1e-12));
        assert.ok(spent(alpha, counts, zeta + step, 1).kept <= share * total * (1 + 1e-12));
      },
    ),
  );
  assert.ok(Number.isFinite(solveShift([-1e308, 1e308, 3], [1, 2, 3], 2.5, 1)));
});

test('T5-large’s mixed space at the paper’s two budgets', () => {
  const alpha = Array.from({ length: 916 }, (_, i) => 3 * Math.sin(i * 12.9898));
  const counts = Array.from({ length: 916 }, (_, i) => [2048, 1024, 5120, 4096, 3168][i % 5]!);
  for (const budget of [102_536, 25_671]) assertExact(alpha, counts, budget, 1);
});

test('moving every α moves ζ along', () => {
  const alpha = [0.3, -1, 2];
  const base = solveShift(alpha, [5, 7, 9], 6, 1);
  const moved = solveShift(
    alpha.map(a => a + 8),
    [5, 7, 9],
    6,
    1,
  );
  assert.ok(Math.abs(moved - base - 8) < 1e-14);
});

test('there is no shift for a budget of nothing or of everything', () => {
  for (const budget of [0, -1, 3, 4, Number.NaN])
    assert.throws(() => solveShift([0, 0], [1, 2], budget, 1), RangeError);
});

test('logits are clamped so that p stays 1e-7 away from 0 and 1', () => {
  const logits = shiftedLogits([-100, 1, 100], 0, 0.5);
  assert.deepEqual(logits, Float64Array.of(-LOGIT_LIMIT, 2, LOGIT_LIMIT));
  assert.ok(Math.abs(sigmoid(-LOGIT_LIMIT) - 1e-7) < 1e-20);
  assert.ok(Math.abs(sigmoid(LOGIT_LIMIT) - (1 - 1e-7)) < 1e-15);
});

/** p by its definition, with ζ fixed and the λ of eq. 28 written out: detached sum over live sum. */
function probabilities(alpha: readonly number[], zeta: number, tau: number, detached: readonly number[]): number[] {
  const soft = alpha.map(a => sigmoid((a - zeta) / tau));
  const lambda = sumOf(detached) / sumOf(soft);
  return soft.map(p => lambda * p);
}

const alpha = [0.4, -1.2, 2, 0.1];
const zeta = 0.7;
const slope = [0.5, -2, 1, 3];

for (const tau of [0.3, 1]) {
  test(`the global gradient is that of p = λ·p̃ (eq. 27–28, 33), τ = ${tau}`, () => {
    const detached = alpha.map(a => sigmoid((a - zeta) / tau));
    const loss = (point: readonly number[]) =>
      sumOf(probabilities(point, zeta, tau, detached).map((p, i) => slope[i]! * p));
    const logits = shiftedLogits(alpha, zeta, tau);
    const logitGradient = logits.map((logit, i) => slope[i]! * sigmoid(logit) * sigmoid(-logit));
    const gradient = alphaGradients.global(logits, logitGradient, tau);
    for (const i of alpha.keys()) {
      const at = (h: number) => loss(alpha.map((a, j) => (i === j ? a + h : a)));
      assert.ok(Math.abs(gradient[i]! - (at(1e-5) - at(-1e-5)) / 2e-5) < 1e-8);
    }
  });

  test(`the local gradient is that of p = p̃, τ = ${tau}`, () => {
    const logits = shiftedLogits(alpha, zeta, tau);
    const logitGradient = logits.map((logit, i) => slope[i]! * sigmoid(logit) * sigmoid(-logit));
    const gradient = alphaGradients.local(logits, logitGradient, tau);
    for (const [i, a] of alpha.entries()) {
      const p = sigmoid((a - zeta) / tau);
      assert.ok(Math.abs(gradient[i]! - (slope[i]! * p * (1 - p)) / tau) < 1e-14);
    }
  });
}

test('when all ∂L/∂p are equal, no gradient reaches α in the global form', () => {
  const logits = shiftedLogits(alpha, zeta, 1);
  const logitGradient = logits.map(logit => 5 * sigmoid(logit) * sigmoid(-logit));
  for (const value of alphaGradients.global(logits, logitGradient, 1)) assert.ok(Math.abs(value) < 1e-15);
});

test('no gradient passes the clamp', () => {
  const logits = shiftedLogits([100, 0, -100], 0, 1);
  const free = alphaGradients.global(logits, [0, 1, 0], 1);
  const pushed = alphaGradients.global(logits, [7, 1, -7], 1);
  assert.deepEqual(pushed, free);
  assert.equal(pushed[0], 0);
  assert.deepEqual(alphaGradients.local(logits, [7, 1, -7], 1), Float64Array.of(0, 1, 0));
});

test('when all ∂L/∂p are equal, α moves by the share that clamped modules have in the sum of p', () => {
  for (const extreme of [100, -100]) {
    const logits = shiftedLogits([0.5, extreme, -0.3], 0, 1);
    const p = logits.map(sigmoid);
    const logitGradient = p.map(each => 5 * each * (1 - each));
    const share = p[1]! / sumOf(p);
    const gradient = alphaGradients.global(logits, logitGradient, 1);
    for (const i of [0, 2]) assert.ok(Math.abs(gradient[i]! - share * logitGradient[i]!) < 1e-15, `${extreme}, ${i}`);
    assert.equal(gradient[1], 0);
  }
});
