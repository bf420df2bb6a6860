import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipNorm, norm } from '../../../../src/core/arrays.ts';
import type { EncodedExample, Trainable } from '../../../../src/core/program.ts';
import {
  type BiLevelOptions,
  type BiLevelState,
  biLevelStep,
} from '../../../../src/search/strategies/bilevel/bilevel-step.ts';
import type { GateEstimator } from '../../../../src/search/strategies/bilevel/estimators.ts';
import type { BiLevelOrder } from '../../../../src/search/strategies/bilevel/step-orders.ts';
import { adamwStep, copyMoments, createMoments } from '../../../../src/training/steps.ts';

/**
 * L(w, z) = Σᵢ (zᵢ·wᵢ − t)² with t a batch's first target. ∂L/∂zᵢ = 2(zᵢwᵢ − t)wᵢ is quadratic in w, so that the
 * central difference of the second order is exact: h = (4zᵢwᵢ − 2t)·vᵢ. A one-sided one adds 2zᵢε·vᵢ².
 */
const wGradient = (w: ArrayLike<number>, z: ArrayLike<number>, t: number) =>
  Array.from(w, (wi, i) => 2 * (z[i]! * wi - t) * z[i]!);
const zGradient = (w: ArrayLike<number>, z: ArrayLike<number>, t: number) =>
  Array.from(w, (wi, i) => 2 * (z[i]! * wi - t) * wi);

const mixed = (w: ArrayLike<number>, z: ArrayLike<number>, t: number, v: ArrayLike<number>) =>
  Array.from(w, (wi, i) => (4 * z[i]! * wi - 2 * t) * v[i]!);

interface Call {
  readonly target: number;
  readonly delta: Float32Array;
  readonly gates: Float32Array;
}

function createProgram(calls: Call[], failAt = Number.POSITIVE_INFINITY): Trainable {
  return {
    layout: { modules: [], heads: [], size: 3 },
    loss: async () => 0,
    lossAndGradients: async (batch, delta, gates) => {
      const target = targetOf(batch);
      calls.push({ target, delta: delta.slice(), gates: gates!.slice() });
      if (calls.length === failAt) throw new Error('device lost');
      return {
        loss: delta.reduce((sum, w, i) => sum + (gates![i]! * w - target) ** 2, 0),
        delta: Float32Array.from(wGradient(delta, gates!, target)),
        gates: Float32Array.from(zGradient(delta, gates!, target)),
      };
    },
    mixedDerivative: async (batch, delta, gates, direction) => {
      const target = targetOf(batch);
      calls.push({ target, delta: delta.slice(), gates: gates.slice() });
      if (calls.length === failAt) throw new Error('device lost');
      return Float32Array.from(mixed(delta, gates, target, direction));
    },
  };
}

/** Gates that are α itself: what is left is the bi-level step alone. */
const identity: GateEstimator = {
  sample: alpha => ({ gates: Float32Array.from(alpha), backward: gradient => Float64Array.from(gradient) }),
  probabilities: alpha => alpha.slice(),
  evaluationGates: alpha => alpha.slice(),
  penaltyGradient: alpha => new Float64Array(alpha.length),
  settled: false,
};

const batchOf = (target: number): EncodedExample[] => [{ input: { ids: [1] }, output: { value: target } }];
const targetOf = ([first]: readonly EncodedExample[]) => (first!.output as { value: number }).value;
const [T_DELTA, T_ALPHA] = [3, -2];

/** A state in the middle of a run: the third step, with a past in the moments. */
function createState(): BiLevelState {
  const delta = Float32Array.of(0.5, -0.25, 1);
  const alpha = Float64Array.of(1, 0.5, -0.75);
  const deltaMoments = createMoments(delta);
  const alphaMoments = createMoments(alpha);
  for (const step of [1, 2]) {
    adamwStep(delta.slice(), [0.1, -0.2, 0.3], deltaMoments, { learningRate: 1, step });
    adamwStep(alpha.slice(), [-0.5, 0.1, 0.2], alphaMoments, { learningRate: 1, step });
  }
  return { delta, deltaMoments, alpha, alphaMoments };
}

function createOptions(order: BiLevelOrder, program: Trainable): BiLevelOptions {
  const rates = { learningRate: 0.02, alphaLearningRate: 0.1 };
  return { program, estimator: identity, order, ...rates, clipNorm: 2, step: 2 };
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const close = Math.abs(actual[i]! - expected[i]!) <= tolerance * Math.max(1, Math.abs(expected[i]!));
    assert.ok(close, `${i}: ${actual[i]} ≠ ${expected[i]}`);
  }
}

/** α's gradient before clipping, by the formulas. */
function expectedAlphaGradient(state: BiLevelState, order: BiLevelOrder, rate: number): Float64Array {
  if (order === 'first') return Float64Array.from(zGradient(state.delta, state.alpha, T_ALPHA));
  const ahead = Float64Array.from(state.delta);
  const moments = { m: Float64Array.from(state.deltaMoments.m), v: Float64Array.from(state.deltaMoments.v) };
  adamwStep(ahead, wGradient(state.delta, state.alpha, T_DELTA), moments, { learningRate: rate, step: 3 });
  const v = wGradient(ahead, state.alpha, T_ALPHA);
  const h = mixed(state.delta, state.alpha, T_DELTA, v);
  const epsilon = 0.001 / norm(Float64Array.from(v));
  if (order === 'one-sided') for (const [i, vi] of v.entries()) h[i]! += 2 * state.alpha[i]! * epsilon * vi ** 2;
  return Float64Array.from(zGradient(ahead, state.alpha, T_ALPHA), (g, i) => g - rate * h[i]!);
}

for (const order of ['first', 'one-sided', 'second', 'exact'] as const) {
  test(`${order} order: α and w move as the formulas say`, async () => {
    const before = createState();
    const gradient = expectedAlphaGradient(before, order, 0.02);
    assert.ok(norm(gradient) > 2, 'the clip is at work');
    clipNorm(gradient, 2);
    const alpha = before.alpha.slice();
    const alphaMoments = copyMoments(before.alphaMoments);
    adamwStep(alpha, gradient, alphaMoments, { learningRate: 0.1, step: 3 });
    const innerGradient = Float64Array.from(wGradient(before.delta, alpha, T_DELTA));
    assert.ok(norm(innerGradient) > 2);
    clipNorm(innerGradient, 2);
    const delta = Float64Array.from(before.delta);
    const moments = { m: Float64Array.from(before.deltaMoments.m), v: Float64Array.from(before.deltaMoments.v) };
    adamwStep(delta, innerGradient, moments, { learningRate: 0.02, step: 3 });

    const state = createState();
    await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), createOptions(order, createProgram([])));
    assertClose(state.alphaMoments.m, alphaMoments.m, 1e-4);
    assertClose(state.alpha, alpha, 1e-4);
    assertClose(state.delta, delta, 1e-5);
    assertClose(state.deltaMoments.m, moments.m, 1e-5);
    assertClose(state.deltaMoments.v, moments.v, 1e-5);
  });
}

test('a head looks ahead and moves at a rate of its own, in the difference as in the exact derivative', async () => {
  const begin = 2;
  const parameter = { name: 'weight', shape: [1], offset: begin, size: 1, gated: false, scale: 1 };
  const head = { begin, learningRate: 0.1 };
  for (const order of ['second', 'exact'] as const) {
    const before = createState();
    const ahead = Float64Array.from(before.delta);
    const past = { m: Float64Array.from(before.deltaMoments.m), v: Float64Array.from(before.deltaMoments.v) };
    const rates = { learningRate: 0.02, step: 3 };
    adamwStep(ahead, wGradient(before.delta, before.alpha, T_DELTA), past, { ...rates, head });
    const h = mixed(before.delta, before.alpha, T_DELTA, wGradient(ahead, before.alpha, T_ALPHA));
    // Each element's own rate stands before its part of the derivative.
    const own = [0.02, 0.02, 0.1];
    const expected = zGradient(ahead, before.alpha, T_ALPHA).map((g, i) => g - own[i]! * h[i]!);
    const bare = createProgram([]);
    const program = { ...bare, layout: { ...bare.layout, heads: [{ name: 'classifier', parameters: [parameter] }] } };
    const state = createState();
    const options = { ...createOptions(order, program), headLearningRate: 0.1, clipNorm: 1e9 };
    await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options);
    const seen = state.alphaMoments.m.map((m, i) => (m - 0.9 * before.alphaMoments.m[i]!) / 0.1);
    assertClose(seen, expected, 1e-4);
    const alike = createState();
    await biLevelStep(alike, batchOf(T_DELTA), batchOf(T_ALPHA), { ...options, headLearningRate: undefined });
    assert.ok(
      Math.abs(state.delta[begin]! - before.delta[begin]!) > 3 * Math.abs(alike.delta[begin]! - before.delta[begin]!),
    );
  }
});

test('second order: five evaluations, the right batch, point and gates in each', async () => {
  const calls: Call[] = [];
  const state = createState();
  const { delta, alpha } = createState();
  const options = createOptions('second', createProgram(calls));
  const report = await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options);
  assert.equal(report.evaluations, 5);
  assert.deepEqual(
    calls.map(({ target }) => target),
    [T_DELTA, T_ALPHA, T_DELTA, T_DELTA, T_DELTA],
  );
  const oldGates = Float32Array.from(alpha);
  for (const { gates } of calls.slice(0, 4)) assert.deepEqual(gates, oldGates);
  assert.deepEqual(calls[4]!.gates, Float32Array.from(state.alpha));
  assert.deepEqual(calls[0]!.delta, delta);
  assert.notDeepEqual(calls[1]!.delta, delta);
  assert.deepEqual(calls[4]!.delta, delta);
  const [plus, minus] = [calls[2]!.delta, calls[3]!.delta];
  assertClose([norm(plus.map((value, i) => value - delta[i]!))], [0.01], 1e-5);
  assertClose(
    plus.map((value, i) => value - delta[i]!),
    minus.map((value, i) => delta[i]! - value),
    1e-6,
  );
  const sum = (w: Float32Array, z: Float32Array, t: number) =>
    w.reduce((total, wi, i) => total + (z[i]! * wi - t) ** 2, 0);
  assert.equal(report.alphaLoss, sum(calls[1]!.delta, oldGates, T_ALPHA));
  assert.equal(report.loss, sum(delta, calls[4]!.gates, T_DELTA));
});

test('exact order: the mixed derivative in place of the two sides, counted as they are', async () => {
  const calls: Call[] = [];
  const state = createState();
  const { delta, alpha } = createState();
  const options = createOptions('exact', createProgram(calls));
  const report = await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options);
  assert.equal(report.evaluations, 5);
  assert.deepEqual(
    calls.map(({ target }) => target),
    [T_DELTA, T_ALPHA, T_DELTA, T_DELTA],
  );
  assert.deepEqual(calls[2], { target: T_DELTA, delta, gates: Float32Array.from(alpha) });
});

test('one-sided order: the virtual step’s evaluation is one end of the difference', async () => {
  const calls: Call[] = [];
  const state = createState();
  const { delta, alpha } = createState();
  const options = createOptions('one-sided', createProgram(calls));
  const report = await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options);
  assert.equal(report.evaluations, 4);
  assert.deepEqual(
    calls.map(({ target }) => target),
    [T_DELTA, T_ALPHA, T_DELTA, T_DELTA],
  );
  assertClose([norm(calls[2]!.delta.map((value, i) => value - delta[i]!))], [0.001], 1e-5);
  assert.deepEqual(calls[2]!.gates, Float32Array.from(alpha));
});

test("the objective's penalty adds to α's gradient, not to w's", async () => {
  const penalty = [0.5, -0.25, 0.125];
  const penalised: GateEstimator = { ...identity, penaltyGradient: () => Float64Array.from(penalty) };
  const [plain, moved] = [createState(), createState()];
  const options = { ...createOptions('first', createProgram([])), clipNorm: 1e6 };
  await biLevelStep(plain, batchOf(T_DELTA), batchOf(T_ALPHA), options);
  await biLevelStep(moved, batchOf(T_DELTA), batchOf(T_ALPHA), { ...options, estimator: penalised });
  // AdamW's first moment takes a tenth of the gradient.
  const difference = moved.alphaMoments.m.map((m, i) => 10 * (m - plain.alphaMoments.m[i]!));
  assertClose(difference, penalty, 1e-9);
  // w sees the penalty through the gates of the new α alone.
  assert.notDeepEqual(moved.alpha, plain.alpha);
  const { delta, deltaMoments } = createState();
  const inner = wGradient(delta, moved.alpha, T_DELTA);
  assertClose(
    moved.deltaMoments.m,
    deltaMoments.m.map((m, i) => 0.9 * m + 0.1 * inner[i]!),
    1e-5,
  );
});

test('first order: two evaluations, α’s at the present w', async () => {
  const calls: Call[] = [];
  const state = createState();
  const options = createOptions('first', createProgram(calls));
  const report = await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options);
  assert.equal(report.evaluations, 2);
  assert.deepEqual(
    calls.map(({ target }) => target),
    [T_ALPHA, T_DELTA],
  );
  for (const { delta } of calls) assert.deepEqual(delta, createState().delta);
});

for (const order of ['one-sided', 'second', 'exact'] as const) {
  test(`${order} order: where ∇w L_α vanishes there is no correction, and no division by zero`, async () => {
    const state = createState();
    state.alpha.fill(0);
    const options = createOptions(order, createProgram([]));
    const report = await biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options);
    assert.equal(report.evaluations, 3);
    assert.ok(state.alpha.every(Number.isFinite));
  });
}

test('an evaluation that fails leaves the state as it was', async () => {
  for (const [order, calls] of [
    ['second', 5],
    ['one-sided', 4],
    ['exact', 4],
  ] as const) {
    for (let failAt = 1; failAt <= calls; failAt++) {
      const state = createState();
      const options = createOptions(order, createProgram([], failAt));
      await assert.rejects(biLevelStep(state, batchOf(T_DELTA), batchOf(T_ALPHA), options), /device lost/);
      assert.deepEqual(state, createState());
    }
  }
});

test('a gradient that is no number is refused before it reaches the state', async () => {
  const state = createState();
  const options = createOptions('first', createProgram([]));
  await assert.rejects(biLevelStep(state, batchOf(Number.NaN), batchOf(T_ALPHA), options), /not finite at step 3/);
  await assert.rejects(biLevelStep(state, batchOf(T_DELTA), batchOf(Number.NaN), options), /not finite at step 3/);
  assert.deepEqual(state, createState());
});
