import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { InputError, InterruptedError } from '../../../../src/core/errors.ts';
import type { EncodedExample } from '../../../../src/core/program.ts';
import { fillUniform } from '../../../../src/core/random.ts';
import { chooseStructure } from '../../../../src/search/choose-structure.ts';
import {
  type BiLevelSearchOptions,
  type BiLevelSearchProblem,
  type BiLevelStepEvent,
  biLevelSearch,
} from '../../../../src/search/strategies/bilevel/bilevel-search.ts';
import { biLevelStep } from '../../../../src/search/strategies/bilevel/bilevel-step.ts';
import { estimators, sumOf } from '../../../../src/search/strategies/bilevel/estimators.ts';
import { checkpointFile } from '../../../../src/training/checkpoint.ts';
import { createBatchCursor, withMicroBatches } from '../../../../src/training/step-batches.ts';
import { createMoments } from '../../../../src/training/steps.ts';
import { createToyExamples, createToyProgram, drain } from '../../../training/toy-program.ts';
import { largestDifference } from '../../../witness/fixtures.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-search-'));
after(() => rm(folder, { recursive: true }));

const COUNTS = [2, 2, 2, 2, 2, 2];
const validation = createToyExamples(20, 2);

function createProblem(counts: readonly number[] = COUNTS, inert: readonly number[] = []): BiLevelSearchProblem {
  const program = createToyProgram(counts, { inert });
  return {
    program,
    deltaExamples: createToyExamples(32),
    alphaExamples: createToyExamples(20, 1),
    initialDelta: new Float32Array(sumOf(counts)).fill(0.05),
    evaluate: async (delta, gates) => -(await program.lossAndGradients(validation, delta, gates)).loss,
  };
}

const options: BiLevelSearchOptions = {
  budget: 4,
  order: 'second',
  estimator: 'concrete',
  gradient: 'global',
  tau: 1,
  beta: 1,
  learningRate: 0.02,
  alphaLearningRate: 0.1,
  epochs: 5,
  batchSize: 8,
  evaluateEvery: 6,
  clipNorm: 2,
  seed: 1,
  keepInert: false,
};

/** A search to its end, and what it keeps. */
async function run(overrides: Partial<BiLevelSearchOptions> = {}, problem = createProblem(), checkpoint?: string) {
  const context = checkpoint === undefined ? {} : { checkpoint: checkpointFile(checkpoint) };
  const asked = { ...options, ...overrides };
  const { events, result } = await drain(biLevelSearch(problem, asked, context));
  const modules = problem.program.layout.modules.map(({ module }) => module);
  const { budget, keepInert } = asked;
  const kept = chooseStructure(result.worth, modules, { budget, keepInert, closed: result.closed });
  return { events, result: { ...result, kept } };
}

// The last evaluation is the best one, so that the structure is that of the end.
const last = () => {
  let calls = 0;
  return { ...createProblem(), evaluate: async () => calls++ };
};

const withoutTime = <T extends { seconds: number }>(value: T) => ({ ...value, seconds: 0, stageSeconds: 0 });
const whole = await run();

for (const order of ['first', 'one-sided', 'second', 'exact'] as const) {
  for (const gradient of ['global', 'local'] as const) {
    test(`finds the modules that matter (${order} order, ${gradient} gradient)`, async () => {
      // The examples follow a rule in which only the first four parameters, two modules, have a part.
      const { result } = await run({ order, gradient, epochs: 40, learningRate: 0.05 });
      assert.deepEqual(result.kept, [true, true, false, false, false, false]);
      assert.ok(
        Math.min(result.probabilities[0]!, result.probabilities[1]!) > Math.max(...result.probabilities.slice(2)),
      );
    });
  }
}

test('counts steps and loss-and-gradient evaluations: five a step in the second and the exact order, four in the one-sided, two in the first', async () => {
  assert.equal(whole.result.steps, 20);
  assert.equal(whole.result.evaluations, 100);
  assert.equal((await run({ order: 'first' })).result.evaluations, 40);
  assert.equal((await run({ order: 'one-sided' })).result.evaluations, 80);
  assert.equal((await run({ order: 'exact' })).result.evaluations, 100);
  const steps = whole.events.filter((event): event is BiLevelStepEvent => event.type === 'step');
  assert.equal(steps.length, 20);
  for (const { step, learningRate, loss, alphaLoss, tokens } of steps) {
    assert.ok(Math.abs(learningRate - 0.02 * (1 - (step - 1) / 20)) < 1e-12);
    assert.ok(loss > 0 && alphaLoss > 0 && tokens > 0);
  }
});

for (const estimator of ['concrete', 'straight-through', 'hard-concrete'] as const) {
  test(`is the bi-level step over and over, at rates that decay to 0 (${estimator})`, async () => {
    const problem = last();
    const l0 = { weight: 0.02, stretch: [-0.2, 1.3] } as const;
    const gradient = estimator === 'hard-concrete' ? 'local' : 'global';
    const { result } = await run({ estimator, gradient, l0, tau: 0.7, beta: 0.8, microBatch: 3 }, problem);

    const delta = problem.initialDelta.slice();
    const alpha = new Float64Array(6);
    const state = { delta, deltaMoments: createMoments(delta), alpha, alphaMoments: createMoments(alpha) };
    const uniforms = (step: number) => fillUniform(new Float64Array(6), 1, 'search/gates', step);
    const relaxation = { counts: COUNTS, budget: 4, gradient, tau: 0.7, beta: 0.8, l0, uniforms } as const;
    const batches = (examples: readonly EncodedExample[], stream: string) =>
      createBatchCursor(examples, { batchSize: 8, seed: 1, stream });
    const deltaBatches = batches(problem.deltaExamples, 'search/delta');
    const alphaBatches = batches(problem.alphaExamples, 'search/alpha');
    for (let step = 0; step < 20; step++) {
      await biLevelStep(state, deltaBatches.batch(step), alphaBatches.batch(step), {
        program: withMicroBatches(problem.program, 3),
        estimator: estimators[estimator](relaxation),
        order: 'second',
        learningRate: 0.02 * (1 - step / 20),
        alphaLearningRate: 0.1 * (1 - step / 20),
        clipNorm: 2,
        step,
      });
    }
    assert.ok(largestDifference(result.worth, alpha) < 1e-9);
    assert.ok(Math.max(...alpha) > 0.3);
  });
}

test('evaluates with z = p, which spends the budget; the best α is returned', async () => {
  const seen: { gates: Float32Array; score: number }[] = [];
  const problem = createProblem([3, 1, 4, 1, 5, 9]);
  const evaluate: BiLevelSearchProblem['evaluate'] = async (delta, gates) => {
    const score = await problem.evaluate(delta, gates);
    seen.push({ gates: gates.slice(), score });
    return score;
  };
  const { result } = await run({ budget: 7 }, { ...problem, evaluate });
  assert.equal(seen.length, 4);
  for (const { gates } of seen) {
    const spent = sumOf([3, 1, 4, 1, 5, 9].map((count, i) => count * gates[i]!));
    assert.ok(Math.abs(spent - 7) < 1e-5);
  }
  const best = seen.reduce((a, b) => (b.score >= a.score ? b : a));
  assert.equal(result.score, best.score);
  assert.deepEqual(Float32Array.from(result.probabilities), best.gates);
});

test('the structure comes from the best evaluation, not from the last', async () => {
  let calls = 0;
  const first = { ...createProblem(), evaluate: async () => -calls++ };
  const { result, events } = await run({}, first);
  assert.equal(result.bestStep, 6);
  assert.equal(events.filter(({ type }) => type === 'evaluation').length, 4);
  assert.notDeepEqual(result.worth, whole.result.worth);
  assert.deepEqual(result.worth, (await run({}, { ...createProblem(), evaluate: async () => -calls++ })).result.worth);
});

test('finds the modules that matter with hard gates', async () => {
  const { result } = await run({ estimator: 'straight-through', epochs: 40, learningRate: 0.05 });
  assert.deepEqual(result.kept, [true, true, false, false, false, false]);
});

const penalised: Partial<BiLevelSearchOptions> = {
  estimator: 'hard-concrete',
  gradient: 'local',
  l0: { weight: 0.1, stretch: [-0.1, 1.1] },
  budget: 12,
  epochs: 40,
  learningRate: 0.05,
};
test('under the L0 penalty what matters stays open, in any order, without a budget', async () => {
  for (const order of ['first', 'second', 'exact'] as const) {
    const { result } = await run({ ...penalised, order }, last());
    assert.deepEqual(result.kept, [true, true, false, false, false, false], order);
    assert.ok(
      Math.max(...result.probabilities.slice(2)) < 0.5 &&
        Math.min(result.probabilities[0]!, result.probabilities[1]!) > 0.5,
    );
    assert.deepEqual(result.warnings, []);
  }
});

test('evaluates the L0 search with its own gates; a budget cuts what stays open', async () => {
  const seen: Float32Array[] = [];
  const problem = last();
  const evaluate: BiLevelSearchProblem['evaluate'] = (_, gates) => {
    seen.push(gates.slice());
    return problem.evaluate();
  };
  const { result } = await run({ ...penalised, budget: 3 }, { ...problem, evaluate });
  assert.equal(result.kept.filter(Boolean).length, 1);
  const gates = seen.at(-1)!;
  assert.deepEqual(
    Array.from(gates, gate => gate > 0),
    [true, true, false, false, false, false],
  );
  assert.deepEqual(
    Array.from(result.probabilities, p => p > 0),
    [true, true, false, false, false, false],
  );
});

test('a penalty that closes every gate keeps nothing, and says so', async () => {
  const { result } = await run({ ...penalised, l0: { weight: 50, stretch: [-0.1, 1.1] } }, last());
  assert.ok(result.kept.every(isKept => !isKept));
  assert.match(result.warnings[0]!, /nothing is kept/);
});

test('a seed gives the same search bit for bit; another seed another', async () => {
  const again = await run();
  assert.deepEqual(again.events.map(withoutTime), whole.events.map(withoutTime));
  assert.deepEqual(withoutTime(again.result), withoutTime(whole.result));
  assert.notDeepEqual((await run({ seed: 2 })).result.worth, whole.result.worth);
});

test('interrupted after any step, the rest is bit for bit the same', async () => {
  const wholeSteps = whole.events.filter(({ type }) => type === 'step').map(withoutTime);
  for (let stop = 1; stop < 20; stop++) {
    const path = join(folder, `stop-${stop}.safetensors`);
    const controller = new AbortController();
    const context = { checkpoint: checkpointFile(path), signal: controller.signal };
    await assert.rejects(async () => {
      for await (const event of biLevelSearch(createProblem(), options, context)) {
        if (event.type === 'step' && event.step === stop) controller.abort();
      }
    }, InterruptedError);
    const rest = await run({}, createProblem(), path);
    assert.deepEqual(rest.events.filter(({ type }) => type === 'step').map(withoutTime), wholeSteps.slice(stop));
    assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
  }
});

test('with patience it ends once the structure has settled, as the same search would have stood there', async () => {
  // Of equal scores the last counts.
  const level = () => ({ ...createProblem(), evaluate: async () => 0 });
  const settings = { epochs: 40, learningRate: 0.05, evaluateEvery: 10 };
  const { result: full } = await run(settings, level());
  const early = await run({ ...settings, patience: 3 }, level());
  const { steps, kept, evaluations } = early.result;
  assert.ok(steps < full.steps && steps % 10 === 0, `${steps} of ${full.steps}`);
  assert.deepEqual(kept, full.kept);
  assert.match(
    early.result.warnings.join(),
    new RegExp(`over 3 validations: the search ended at step ${steps} of ${full.steps}`),
  );
  assert.equal(evaluations, 5 * steps);
  assert.equal(early.events.at(-1)!.type, 'evaluation');
  assert.equal(early.events.at(-1)!.steps, full.steps);

  // Taken up again where it had stopped, it is over; interrupted before, it ends at the same step.
  const path = join(folder, 'patience.safetensors');
  const controller = new AbortController();
  const context = { checkpoint: checkpointFile(path), signal: controller.signal };
  await assert.rejects(async () => {
    for await (const event of biLevelSearch(level(), { ...options, ...settings, patience: 3 }, context)) {
      if (event.type === 'step' && event.step === steps - 5) controller.abort();
    }
  }, InterruptedError);
  const rest = await run({ ...settings, patience: 3 }, level(), path);
  assert.deepEqual(rest.result.worth, early.result.worth);
  assert.equal(rest.result.steps, steps);
  const over = await run({ ...settings, patience: 3 }, level(), path);
  assert.deepEqual(over.events, []);
  assert.deepEqual(withoutTime(over.result), withoutTime(rest.result));
});

test('a signal that is aborted from the start does nothing', async () => {
  const context = { signal: AbortSignal.abort() };
  await assert.rejects(drain(biLevelSearch(createProblem(), options, context)), InterruptedError);
});

test('a checkpoint of other settings is refused', async () => {
  const path = join(folder, 'settings.safetensors');
  await run({ maxSteps: 3 }, createProblem(), path);
  const refusal = (says: RegExp) => (error: Error) => error instanceof InputError && says.test(error.message);
  const resume = (overrides: Partial<BiLevelSearchOptions>) =>
    run({ maxSteps: 3, ...overrides }, createProblem(), path);
  await assert.rejects(resume({ budget: 5 }), refusal(/budget = 4, this one has 5/));
  await assert.rejects(resume({ estimator: 'straight-through' }), refusal(/concrete.*straight-through/));
});

test('D_α is cycled where it is smaller than D_δ, and drawn by itself', async () => {
  const problem = createProblem();
  const few = { ...problem, alphaExamples: createToyExamples(5, 1) };
  assert.equal((await run({}, few)).result.steps, 20);
  await assert.rejects(run({}, { ...problem, alphaExamples: [] }), InputError);
});

test('micro-batches give the same search up to rounding', async () => {
  const { result } = await run({ microBatch: 3, maxSteps: 3 });
  const plain = (await run({ maxSteps: 3 })).result;
  for (const [i, a] of result.worth.entries()) assert.ok(Math.abs(a - plain.worth[i]!) < 1e-3);
  assert.equal(result.evaluations, plain.evaluations);
});

test('inert modules are searched but not kept, unless asked for', async () => {
  const problem = createProblem(COUNTS, [0, 1, 2, 3]);
  assert.deepEqual((await run({}, problem)).result.kept.slice(0, 4), [false, false, false, false]);
  const { result } = await run({ keepInert: true, epochs: 40 }, problem);
  assert.ok(result.kept[0] || result.kept[1]);
});

test('a budget for everything keeps everything, says so, and searches nothing', async () => {
  for (const budget of [12, 100]) {
    const { events, result } = await run({ budget }, createProblem(COUNTS, [4]));
    assert.deepEqual(events, []);
    assert.deepEqual(result.probabilities, new Float64Array(6).fill(1));
    assert.deepEqual(result.kept, [true, true, true, true, false, true]);
    assert.equal(result.steps, 0);
    assert.match(result.warnings[0]!, /holds all candidates: every one that can change the output is kept/);
  }
  assert.deepEqual(whole.result.warnings, []);
});

test('a budget below the cheapest usable module is an InputError that names the smallest one that works', async () => {
  for (const budget of [0, -3, 2.9, Number.NaN]) {
    await assert.rejects(run({ budget }, createProblem([3, 2, 5], [1])), (error: Error) => {
      return error instanceof InputError && /at least 3/.test(error.remedy ?? '');
    });
  }
  const { result } = await run({ budget: 3, maxSteps: 2 }, createProblem([3, 2, 5], [1]));
  assert.deepEqual(result.kept, [true, false, false]);
});

test('the budget is never exceeded, whatever it is', async () => {
  const counts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      counts,
      fc.double({ min: 0.05, max: 0.999, noNaN: true }),
      fc.nat(1000),
      async (list, share, seed) => {
        const budget = Math.max(share * sumOf(list), Math.min(...list));
        const { result } = await run({ budget, seed, maxSteps: 4, evaluateEvery: 2 }, createProblem(list));
        assert.ok(sumOf(list.map((count, i) => (result.kept[i] ? count : 0))) <= budget);
        assert.ok(result.probabilities.every(p => p > 0 && p <= 1));
      },
    ),
    { numRuns: 40 },
  );
});

test("α's travel is shared out over the steps: it is the sum of its rates, whatever their number", async () => {
  const problem = createProblem();
  for (const maxSteps of [6, 13]) {
    const alphaTravel = 1.2;
    const travelled = await drain(biLevelSearch(problem, { ...options, maxSteps, alphaTravel }));
    const rate = (2 * alphaTravel) / (maxSteps + 1);
    const rates = Array.from({ length: maxSteps }, (_, step) => rate * (1 - step / maxSteps));
    assert.ok(Math.abs(rates.reduce((sum, each) => sum + each, 0) - alphaTravel) < 1e-12);
    const same = await drain(biLevelSearch(problem, { ...options, maxSteps, alphaLearningRate: rate }));
    assert.deepEqual(travelled.result.worth, same.result.worth);
  }
});
