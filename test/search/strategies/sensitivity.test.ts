import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { averageIn, createAverages, openAfter, sensitivity } from '../../../src/search/strategies/sensitivity.ts';
import { countEvaluations } from '../../../src/training/stage.ts';
import { createBatchCursor } from '../../../src/training/step-batches.ts';
import { createToyExamples, drain } from '../../training/toy-program.ts';
import { assertResumes, createToyProblem } from './toy-problem.ts';

const { problem, compile } = createToyProblem({ examples: createToyExamples(64) });
const alone = { 'fitting-only': true, finalists: 1 };
const whole = await drain(sensitivity.search(problem, alone, compile, {}));
const steps = 40;

test('a module is worth Ī · Ū of its gate and, on average, of its parameters, by central differences', async () => {
  // At a rate of nearly nothing the modules stay as they are at the start; all are open for a tenth of the steps.
  const still = { ...problem, stage: { ...problem.stage, learningRate: 1e-12 } };
  const { events } = await drain(sensitivity.search(still, alone, compile, {}));
  const { program, initialDelta } = await compile(problem.candidates);
  const cursor = createBatchCursor(problem.examples, { batchSize: 8, seed: 1, stream: 'search/sensitivity' });
  const lossAt = async (index: number, change: (delta: Float32Array, gates: Float32Array) => void) => {
    const [delta, gates] = [initialDelta.slice(), new Float32Array(problem.candidates.length).fill(1)];
    change(delta, gates);
    return (await program.lossAndGradients(cursor.batch(index), delta, gates)).loss;
  };
  /** Slope of the loss at a parameter, or at a gate. */
  const slope = async (index: number, of: 'delta' | 'gates', place: number) => {
    const lossBy = (by: number) =>
      lossAt(index, (delta, gates) => {
        const values = of === 'delta' ? delta : gates;
        values[place]! += by;
      });
    return ((await lossBy(0.01)) - (await lossBy(-0.01))) / 0.02;
  };
  const gateSeen = problem.candidates.map(() => [] as number[]);
  const seen = Array.from(initialDelta, () => [] as number[]);
  for (let index = 0; index < 4; index++) {
    for (const i of gateSeen.keys()) {
      gateSeen[i]!.push(Math.abs(await slope(index, 'gates', i)));
    }
    for (const [i, value] of initialDelta.entries()) {
      seen[i]!.push(Math.abs(value * (await slope(index, 'delta', i))));
    }
  }
  /** The averages in closed form: the last of n values weighs 1 − β, the one before it β (1 − β), … */
  const importance = (values: readonly number[]) => {
    const means = values.map((_, n) =>
      values.slice(0, n + 1).reduce((sum, value, i) => sum + 0.15 * 0.85 ** (n - i) * value, 0),
    );
    const off = values.map((value, i) => Math.abs(value - means[i]!));
    return means.at(-1)! * off.reduce((sum, value, i) => sum + 0.15 * 0.85 ** (values.length - 1 - i) * value, 0);
  };
  const told = events[3]!;
  assert.ok(told.type === 'step');
  for (const [i, { parameters }] of program.layout.modules.entries()) {
    const own = parameters.flatMap(({ offset, size }) => seen.slice(offset, offset + size).map(importance));
    const expected = importance(gateSeen[i]!) + own.reduce((sum, value) => sum + value, 0) / own.length;
    assert.ok(Math.abs(told.worth![i]! - expected) < 2e-3 * expected + 1e-9, `${i}: ${told.worth![i]} ${expected}`);
  }
});

test('averages move by 0.15 of what is new, the deviation from the average that has moved', () => {
  const averages = createAverages(1);
  averageIn(averages, Float32Array.of(2), Float32Array.of(-3));
  assert.ok(Math.abs(averages.mean[0]! - 0.9) < 1e-12 && Math.abs(averages.deviation[0]! - 0.15 * 5.1) < 1e-12);
});

test('the budget falls from all to its end by a cube, and stays there for the last fifth', () => {
  const limits = Array.from({ length: 100 }, (_, step) => openAfter(step, 100, { all: 1000, budget: 100 }));
  assert.deepEqual(limits.slice(0, 11), new Array(11).fill(1000));
  assert.ok(limits.slice(80).every(limit => limit === 100));
  assert.ok(Math.abs(limits[45]! - (100 + 900 / 8)) < 1e-9);
});

test('what the examples follow is kept', () => {
  const kept = chooseStructure(whole.result.worth, problem.candidates, problem);
  assert.deepEqual(kept, [true, true, false, false, false, false]);
});

test('it costs one loss with gradients a step, on the whole training set, and no validation', () => {
  assert.equal(whole.result.evaluations, steps);
  assert.equal(countEvaluations(sensitivity.cost(problem, alone)), steps);
  assert.ok(whole.events.every(event => event.type === 'step' && event.worth?.length === 6));
  const short = { ...problem, stage: { ...problem.stage, maxSteps: 3 } };
  assert.equal(sensitivity.cost(short, alone)!.steps, 3);
});

test('interrupted after any step, the rest is bit for bit the same', async () => {
  await assertResumes(
    context => sensitivity.search(problem, alone, compile, context),
    Array.from({ length: 13 }, (_, i) => 3 * i + 1),
  );
});

test('candidates that cannot be kept take part in nothing; where all fit, nothing is searched', async () => {
  const own = createToyProblem({ budget: 4 }, [2, 9, 2, 2]);
  const { result } = await drain(sensitivity.search(own.problem, alone, own.compile, {}));
  assert.deepEqual(
    own.state.compiled.map(modules => modules.length),
    [3],
  );
  assert.deepEqual(result.closed, [false, true, false, false]);
  const all = { ...problem, budget: 100 };
  assert.equal(sensitivity.cost(all, alone), undefined);
  assert.match((await drain(sensitivity.search(all, alone, compile, {}))).result.warnings[0]!, /nothing was searched/);
  await assert.rejects(drain(sensitivity.search({ ...problem, budget: 1 }, alone, compile, {})), InputError);
});

test("short trainings have its last word, as a bi-level search's", async () => {
  const options = { 'fitting-only': true, finalists: 2, 'finalist-steps': 4 };
  const { result } = await drain(sensitivity.search(problem, options, compile, {}));
  assert.equal(result.finalists?.length, 2);
  assert.equal(result.steps, sensitivity.cost(problem, options)!.steps);
  assert.ok(result.evaluations > steps);
});
