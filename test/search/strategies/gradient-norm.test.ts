import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clipNorm } from '../../../src/core/arrays.ts';
import { InterruptedError } from '../../../src/core/errors.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { gradientNorm } from '../../../src/search/strategies/gradient-norm.ts';
import { checkpointFile } from '../../../src/training/checkpoint.ts';
import { countEvaluations } from '../../../src/training/stage.ts';
import { createBatchCursor } from '../../../src/training/step-batches.ts';
import { adamwStep, createMoments } from '../../../src/training/steps.ts';
import { drain } from '../../training/toy-program.ts';
import { createToyProblem, withoutTime } from './toy-problem.ts';

const { problem, compile } = createToyProblem({ budget: 9 }, [3, 1, 4, 1, 5, 9]);
const options = { 'score-batches': 6, 'warm-up': 0, 'per-parameter': true };
const whole = await drain(gradientNorm.search(problem, options, compile, {}));

test('a module is worth the root of its mean squared gradient over the batches, by central differences', async () => {
  const { program, initialDelta } = await compile(problem.candidates);
  const cursor = createBatchCursor(problem.examples, { batchSize: 8, seed: 1, stream: 'search/gradient-norm' });
  const lossAt = async (index: number, place: number, epsilon: number) => {
    const delta = initialDelta.slice();
    delta[place]! += epsilon;
    return (await program.lossAndGradients(cursor.batch(index), delta)).loss;
  };
  const squares = problem.candidates.map(() => 0);
  for (let index = 0; index < 6; index++) {
    for (const [i, { parameters }] of program.layout.modules.entries()) {
      for (let place = parameters[0]!.offset; place < parameters[0]!.offset + parameters[0]!.size; place++) {
        const slope = ((await lossAt(index, place, 0.01)) - (await lossAt(index, place, -0.01))) / 0.02;
        squares[i]! += slope ** 2;
      }
    }
  }
  const whole6 = await drain(gradientNorm.search(problem, { ...options, 'per-parameter': false }, compile, {}));
  for (const [i, { parameters }] of problem.candidates.entries()) {
    const expected = Math.sqrt(squares[i]! / 6);
    assert.ok(Math.abs(whole6.result.worth[i]! - expected) < 1e-3 * Math.max(expected, 0.1), `${i}`);
    assert.ok(Math.abs(whole.result.worth[i]! - expected / Math.sqrt(parameters)) < 1e-3, `${i}`);
  }
});

test('it costs one evaluation a batch, validates nothing, and tells what modules are worth so far', () => {
  assert.equal(countEvaluations(gradientNorm.cost(problem, options)), 6);
  assert.equal(whole.result.evaluations, 6);
  assert.deepEqual(
    whole.events.map(event => event.type),
    new Array(6).fill('step'),
  );
  const last = whole.events.at(-1)!;
  assert.ok(last.type === 'step' && last.probabilities === undefined);
  assert.deepEqual(last.worth, whole.result.worth);
  const kept = chooseStructure(whole.result.worth, problem.candidates, { budget: 9, keepInert: false });
  assert.ok(kept.includes(true));
  const short = { ...problem, stage: { ...problem.stage, maxSteps: 2 } };
  assert.equal(gradientNorm.cost(short, options)!.steps, 2);
});

test('interrupted after any batch, the rest is bit for bit the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-gradient-'));
  for (let stop = 1; stop < 6; stop++) {
    const context = { checkpoint: checkpointFile(join(folder, `stop-${stop}.safetensors`)) };
    const controller = new AbortController();
    await assert.rejects(async () => {
      const stopped = { ...context, signal: controller.signal };
      for await (const event of gradientNorm.search(problem, options, compile, stopped)) {
        if (event.step === stop) controller.abort();
      }
    }, InterruptedError);
    const rest = await drain(gradientNorm.search(problem, options, compile, context));
    assert.deepEqual(rest.events.map(withoutTime), whole.events.slice(stop).map(withoutTime));
    assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
  }
});

test('after a warm-up gradients are those of what it has trained, and it can be interrupted as well', async () => {
  const warm = { ...options, 'warm-up': 3 };
  const trained = await drain(gradientNorm.search(problem, warm, compile, {}));
  assert.equal(trained.result.evaluations, 9);
  assert.equal(countEvaluations(gradientNorm.cost(problem, warm)), 9);
  const told = trained.events.map(event => event.type === 'step' && event.worth !== undefined);
  assert.deepEqual(told, [...Array(3).fill(false), ...Array(6).fill(true)]);
  // Where all are open, each has a share of the rate: half of 9/23 of it, three times.
  const cursor = createBatchCursor(problem.examples, { batchSize: 8, seed: 1, stream: 'search/gradient-norm' });
  const { program, initialDelta } = await compile(problem.candidates);
  const delta = initialDelta.slice();
  const moments = createMoments(delta);
  for (let step = 1; step <= 3; step++) {
    const { delta: gradient } = await program.lossAndGradients(cursor.batch(step - 1), delta);
    clipNorm(gradient, 2);
    adamwStep(delta, gradient, moments, { learningRate: (0.02 * 9) / 23 / 2, step });
  }
  const first = trained.events[3]!;
  assert.ok(first.type === 'step');
  assert.equal(first.loss, (await program.lossAndGradients(cursor.batch(3), delta)).loss);

  const context = { checkpoint: checkpointFile(join(mkdtempSync(join(tmpdir(), 's3delta-warm-')), 's.safetensors')) };
  const controller = new AbortController();
  await assert.rejects(async () => {
    for await (const event of gradientNorm.search(problem, warm, compile, { ...context, signal: controller.signal })) {
      if (event.step === 2) controller.abort();
    }
  }, InterruptedError);
  const rest = await drain(gradientNorm.search(problem, warm, compile, context));
  assert.deepEqual(withoutTime(rest.result), withoutTime(trained.result));
});
