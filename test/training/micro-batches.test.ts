import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withMicroBatches } from '../../src/training/step-batches.ts';
import { createToyExamples, createToyProgram } from './toy-program.ts';

const program = createToyProgram([3, 4, 5]);
const delta = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
const gates = Float32Array.of(0.2, 1, 0.7);

test('parts of any size give the whole batch’s loss and gradients, whatever their target lengths', async () => {
  const batch = createToyExamples(7);
  const whole = await program.lossAndGradients(batch, delta, gates);
  for (const size of [1, 2, 3, 6, 7, 100]) {
    const parts = await withMicroBatches(program, size).lossAndGradients(batch, delta, gates);
    assert.ok(Math.abs(parts.loss - whole.loss) < 1e-6 * whole.loss);
    const alone = await withMicroBatches(program, size).loss(batch, delta, gates);
    assert.ok(Math.abs(alone - whole.loss) < 1e-6 * whole.loss);
    for (const key of ['delta', 'gates'] as const) {
      assert.equal(parts[key].length, whole[key].length);
      for (const [i, value] of whole[key].entries()) assert.ok(Math.abs(parts[key][i]! - value) < 1e-4, `${key} ${i}`);
    }
  }
});

test('mixed derivatives add up alike', async () => {
  const batch = createToyExamples(7);
  const direction = delta.map((_, i) => Math.cos(3 * i));
  const whole = await program.mixedDerivative(batch, delta, gates, direction);
  for (const size of [1, 3, 7]) {
    const parts = await withMicroBatches(program, size).mixedDerivative(batch, delta, gates, direction);
    assert.equal(parts.length, gates.length);
    for (const [i, value] of whole.entries()) assert.ok(Math.abs(parts[i]! - value) < 1e-4, `${size}: ${i}`);
  }
});

test('never more examples at once than allowed', async () => {
  const sizes: number[] = [];
  const watched = {
    ...program,
    lossAndGradients: (...args: Parameters<typeof program.lossAndGradients>) => {
      sizes.push(args[0].length);
      return program.lossAndGradients(...args);
    },
  };
  await withMicroBatches(watched, 3).lossAndGradients(createToyExamples(8), delta);
  assert.deepEqual(sizes, [2, 3, 3]);
});

test('the tokens of a run are the program’s own', async () => {
  const sizes: number[] = [];
  const watched = {
    ...program,
    tokensPerRun: 1,
    lossAndGradients: (...args: Parameters<typeof program.lossAndGradients>) => {
      sizes.push(args[0].length);
      return program.lossAndGradients(...args);
    },
  };
  await withMicroBatches(watched).lossAndGradients(createToyExamples(3), delta);
  assert.deepEqual(sizes, [1, 1, 1]);
});
