import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DivergedError, InputError, InterruptedError } from '../../../src/core/errors.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { bestOfRandom } from '../../../src/search/strategies/best-of-random.ts';
import type { Compile } from '../../../src/search/strategies/strategy.ts';
import { methods } from '../../../src/structure/built-in-methods.ts';
import { randomStructure } from '../../../src/structure/random-structure.ts';
import { checkpointFile } from '../../../src/training/checkpoint.ts';
import { countEvaluations } from '../../../src/training/stage.ts';
import { tune } from '../../../src/training/tune-program.ts';
import { drain } from '../../training/toy-program.ts';
import { createToyProblem, withoutTime } from './toy-problem.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-best-'));
const { problem, compile } = createToyProblem();
const budget = { budget: problem.budget, keepInert: false };
const whole = await drain(bestOfRandom.search(problem, { draws: 3 }, compile, {}));

test('each draw is trained as a structure that was found would be, and the best on validation is taken', async () => {
  const trained = [0, 1, 2].map(async draw => {
    const kept = randomStructure(problem.candidates, { ...budget, seed: 1, draw });
    const compiled = await compile(problem.candidates.filter((_, i) => kept[i]));
    const { result } = await drain(tune({ ...compiled, examples: problem.examples }, problem.tuning));
    return { kept, score: result.score };
  });
  const tried = await Promise.all(trained);
  const best = tried.reduce((a, b) => (b.score > a.score ? b : a));
  assert.equal(whole.result.score, best.score);
  assert.deepEqual(chooseStructure(whole.result.worth, problem.candidates, budget), best.kept);
});

test('the least validation loss decides, whatever the scores say', async () => {
  const losses = [3, 2, 1, 5, 4];
  let taken = 0;
  // All score alike: only the losses, taken once a draw, tell them apart.
  const alike: Compile = async modules => ({
    ...(await compile(modules)),
    evaluate: async () => 50,
    validationLoss: async () => losses[taken++]!,
  });
  const { result } = await drain(bestOfRandom.search(problem, { draws: 5 }, alike, {}));
  assert.deepEqual([taken, result.score], [5, 50]);
  const draw = 2;
  const kept = randomStructure(problem.candidates, { ...budget, seed: 1, draw });
  assert.deepEqual(chooseStructure(result.worth, problem.candidates, budget), kept);
});

test('its steps are counted on over the draws, and are what it was said to cost', () => {
  const steps = whole.events.flatMap(event => (event.type === 'step' ? [event.step] : []));
  // Three epochs of four batches.
  assert.deepEqual(
    steps,
    Array.from({ length: 36 }, (_, i) => i + 1),
  );
  assert.ok(whole.events.every(event => event.steps === 36));
  const bests = whole.events.flatMap(event => (event.type === 'evaluation' ? [event.best] : []));
  assert.deepEqual(
    bests,
    bests.toSorted((a, b) => a - b),
  );
  const cost = bestOfRandom.cost(problem, { draws: 3 })!;
  assert.deepEqual([cost.steps, cost.validations], [36, bests.length + 3]);
  assert.equal(countEvaluations(cost), whole.result.evaluations);
});

test('without a number it draws as many as the usual search pays for, and two at least: of one none is the best', () => {
  const steps = (usualEvaluations: number) => bestOfRandom.cost({ ...problem, usualEvaluations }, {})!.steps;
  assert.deepEqual([0, 17, 29, 30, 40].map(steps), [24, 24, 24, 36, 36]);
  assert.equal(bestOfRandom.cost(problem, { draws: 1 })!.steps, 12);
});

test('the method of that name has as many attempts as a search and a training pay for, likewise', () => {
  const { candidates } = problem;
  const of = {
    sites: [],
    deltas: {},
    seed: 1,
    keepInert: false,
    space: () => ({ candidates, budget: problem.budget }),
  };
  const attempts = (affordable: number) => methods['best-of-random']!.attempts({ ...of, affordable: () => affordable });
  assert.deepEqual(
    [1, 2, 3].map(each => attempts(each).length),
    [2, 2, 3],
  );
  assert.deepEqual(attempts(1)[0]!.kept, methods.random!.attempts({ ...of, affordable: () => 1 })[0]!.kept);
});

test('one program is open at a time, and none in the end', async () => {
  const own = createToyProblem();
  const watched: Compile = async modules => {
    const compiled = await own.compile(modules);
    assert.equal(own.state.open, 1);
    return compiled;
  };
  await drain(bestOfRandom.search(own.problem, { draws: 4 }, watched, {}));
  assert.equal(own.state.open, 0);
  assert.equal(own.state.compiled.length, 4);
});

test('interrupted in any draw, the rest is bit for bit the same', async () => {
  for (const stop of [1, 11, 12, 13, 20, 35]) {
    const context = { checkpoint: checkpointFile(join(folder, `stop-${stop}.safetensors`)) };
    const controller = new AbortController();
    await assert.rejects(async () => {
      const stopped = { ...context, signal: controller.signal };
      for await (const event of bestOfRandom.search(problem, { draws: 3 }, compile, stopped)) {
        if (event.type === 'step' && event.step === stop) controller.abort();
      }
    }, InterruptedError);
    const rest = await drain(bestOfRandom.search(problem, { draws: 3 }, compile, context));
    const after = whole.events.filter(({ type, step }) => type === 'step' && step > stop);
    assert.deepEqual(
      rest.events.filter(({ type }) => type === 'step').map(withoutTime),
      after.map(withoutTime),
      String(stop),
    );
    assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
    // Another number of draws is another search.
    await assert.rejects(drain(bestOfRandom.search(problem, { draws: 4 }, compile, context)), InputError);
  }
});

test('a draw that diverges is out of the running; where all do, that is the error', async () => {
  const diverging = (draws: readonly number[]): Compile => {
    let number = -1;
    return async modules => {
      number += 1;
      const compiled = await compile(modules);
      if (!draws.includes(number)) return compiled;
      const lossAndGradients = async () => ({
        loss: Number.NaN,
        delta: new Float32Array(4),
        gates: new Float32Array(0),
      });
      return { ...compiled, program: { ...compiled.program, lossAndGradients } };
    };
  };
  const { result } = await drain(bestOfRandom.search(problem, { draws: 2 }, diverging([0]), {}));
  const second = randomStructure(problem.candidates, { ...budget, seed: 1, draw: 1 });
  assert.deepEqual(chooseStructure(result.worth, problem.candidates, budget), second);
  await assert.rejects(drain(bestOfRandom.search(problem, { draws: 2 }, diverging([0, 1]), {})), DivergedError);
});
