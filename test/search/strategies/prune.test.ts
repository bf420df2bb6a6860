import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { splitHalves } from '../../../src/search/strategies/bilevel/step-orders.ts';
import { openAfter, planRounds, prune, pruneModules } from '../../../src/search/strategies/prune.ts';
import { countEvaluations } from '../../../src/training/stage.ts';
import { createBatchCursor } from '../../../src/training/step-batches.ts';
import { createToyExamples, drain } from '../../training/toy-program.ts';
import { assertResumes, createToyProblem } from './toy-problem.ts';

const { problem, compile } = createToyProblem({ examples: createToyExamples(64) });
const options = { rounds: 3 };
const whole = await drain(prune.search(problem, options, compile, {}));
const orderOf = (worth: ArrayLike<number>) =>
  Array.from(worth, (_, i) => i).sort((a, b) => worth[b]! - worth[a]! || a - b);

test('a module is worth −∂L/∂z over batches that train nothing, by central differences', async () => {
  // At a rate of nearly nothing the modules stay as they are at the start.
  const still = { ...problem, stage: { ...problem.stage, learningRate: 1e-12 } };
  const { result } = await drain(prune.search(still, { rounds: 1 }, compile, {}));
  const { program, initialDelta } = await compile(problem.candidates);
  const { alpha } = splitHalves(problem.examples, 1);
  const cursor = createBatchCursor(alpha, { batchSize: 8, seed: 1, stream: 'search/prune/score' });
  const scoring = planRounds(result.steps, 1).filter(({ trains }) => !trains).length;
  const lossAt = async (index: number, i: number, gate: number) => {
    const gates = new Float32Array(problem.candidates.length).fill(1);
    gates[i] = gate;
    return (await program.lossAndGradients(cursor.batch(index), initialDelta, gates)).loss;
  };
  const saliency = new Float64Array(problem.candidates.length);
  for (let index = 0; index < scoring; index++) {
    for (const i of saliency.keys()) {
      saliency[i]! -= ((await lossAt(index, i, 1.01)) - (await lossAt(index, i, 0.99))) / 0.02;
    }
  }
  assert.deepEqual(orderOf(result.worth), orderOf(saliency));
});

test('what the examples follow is kept, and the last to be closed stands next', () => {
  const kept = chooseStructure(whole.result.worth, problem.candidates, problem);
  assert.deepEqual(kept, [true, true, false, false, false, false]);
  // Every rank once: the order serves any budget.
  assert.deepEqual(
    [...whole.result.worth].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6],
  );
});

test('rounds train first, score then, and close the same share each', () => {
  for (const [steps, wanted, rounds] of [
    [20, 3, 3],
    [7, 6, 3],
    [2, 6, 1],
    [3, 1, 1],
  ] as const) {
    const moments = planRounds(steps, wanted);
    assert.equal(moments.length, steps);
    assert.equal(moments.filter(({ prunes }) => prunes).length, rounds);
    for (let round = 0; round < rounds; round++) {
      const own = moments.filter(moment => moment.round === round).map(({ trains }) => trains);
      assert.deepEqual(
        own,
        own.toSorted((a, b) => Number(b) - Number(a)),
        `${steps} ${round}`,
      );
      assert.deepEqual([own[0], own.at(-1)], [true, false]);
    }
  }
  assert.deepEqual(
    [0, 1, 2].map(round => openAfter(round, 3, { all: 800, budget: 100 })).map(Math.round),
    [400, 200, 100],
  );
  const modules = [4, 4, 4, 4].map(parameters => ({ parameters, inert: false }));
  const gates = Float32Array.of(1, 0, 1, 1);
  assert.deepEqual(pruneModules(gates, [0.1, 9, 0.3, 0.2], modules, { budget: 4, keepInert: false }), [3, 0]);
  assert.deepEqual([...gates], [0, 0, 1, 0]);
});

test('it costs one loss with gradients a step, as many steps as a bi-level search, and no validation', () => {
  // Halves of 32 are 4 batches, of which 5 epochs are 20 steps.
  assert.equal(whole.result.evaluations, 20);
  assert.equal(countEvaluations(prune.cost(problem, options)), 20);
  assert.ok(whole.events.every(event => event.type === 'step' && event.worth?.length === 6));
});

test('interrupted after any step, the rest is bit for bit the same', async () => {
  await assertResumes(
    context => prune.search(problem, options, compile, context),
    Array.from({ length: 19 }, (_, i) => i + 1),
  );
});

test('candidates that cannot be kept take part in nothing', async () => {
  const own = createToyProblem({ budget: 4 }, [2, 9, 2, 2]);
  const { result, events } = await drain(prune.search(own.problem, options, own.compile, {}));
  assert.deepEqual(
    own.state.compiled.map(modules => modules.length),
    [3],
  );
  assert.deepEqual(result.closed, [false, true, false, false]);
  assert.ok(events.every(event => event.type === 'step' && event.worth?.length === 4));
});

test('a budget that holds everything leaves nothing to prune; one that holds nothing is refused', async () => {
  const all = { ...problem, budget: 100 };
  assert.equal(prune.cost(all, options), undefined);
  const { result } = await drain(prune.search(all, options, compile, {}));
  assert.match(result.warnings[0]!, /nothing was searched/);
  await assert.rejects(drain(prune.search({ ...problem, budget: 1 }, options, compile, {})), InputError);
});
