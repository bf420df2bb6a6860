import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adamwStep, copyMoments, createMoments } from '../../src/training/steps.ts';

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs(actual[i]! - value) <= tolerance * Math.max(1, Math.abs(value)),
      `${i}: ${actual[i]} ≠ ${value}`,
    );
  }
}

/** AdamW in its textbook form: bias-corrected moments written out. */
function reference(
  start: readonly number[],
  gradients: readonly number[][],
  lr: number,
  weightDecay: number,
): number[] {
  return start.map((w, i) => {
    let [m, v] = [0, 0];
    for (const [t, gradient] of gradients.entries()) {
      const g = gradient[i]!;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const mHat = m / (1 - 0.9 ** (t + 1));
      const vHat = v / (1 - 0.999 ** (t + 1));
      w = w - lr * weightDecay * w - (lr * mHat) / (Math.sqrt(vHat) + 1e-8);
    }
    return w;
  });
}

const start = [0.5, -1, 2, 0];
const gradients = Array.from({ length: 20 }, (_, t) => [Math.sin(t), -3, 1e-6 * Math.cos(t), 0]);

for (const weightDecay of [0, 0.01]) {
  test(`twenty steps equal the textbook’s, weight decay ${weightDecay}`, () => {
    const parameters = Float64Array.from(start);
    const moments = createMoments(parameters);
    for (const [t, gradient] of gradients.entries()) {
      adamwStep(parameters, gradient, moments, { learningRate: 0.1, step: t + 1, weightDecay });
    }
    assertClose(parameters, reference(start, gradients, 0.1, weightDecay), 1e-12);
  });
}

test('the first step moves by the learning rate against the sign, whatever the gradient’s size', () => {
  const parameters = new Float64Array(3);
  adamwStep(parameters, [5, -1e-3, 1e-8], createMoments(parameters), { learningRate: 0.1, step: 1 });
  // At |g| = ε half of the step is left: ε stands outside the root.
  assertClose(parameters, [-0.1, 0.1, -0.05], 1e-4);
});

test('float32 parameters keep float32 moments and stay near float64', () => {
  const parameters = Float32Array.from(start);
  const moments = createMoments(parameters);
  for (const [t, gradient] of gradients.entries()) {
    adamwStep(parameters, gradient, moments, { learningRate: 0.01, step: t + 1 });
  }
  assert.ok(moments.m instanceof Float32Array && moments.v instanceof Float32Array);
  assertClose(parameters, reference(start, gradients, 0.01, 0), 1e-5);
});

test('a copy of the moments lives its own life', () => {
  const parameters = Float64Array.from(start);
  const moments = createMoments(parameters);
  adamwStep(parameters, gradients[1]!, moments, { learningRate: 0.1, step: 1 });
  const before = copyMoments(moments);
  adamwStep(parameters.slice(), gradients[2]!, copyMoments(moments), { learningRate: 0.1, step: 2 });
  assert.deepEqual(moments, before);
});
