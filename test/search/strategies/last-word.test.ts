import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DivergedError, InterruptedError } from '../../../src/core/errors.ts';
import type { Trainable } from '../../../src/core/program.ts';
import type { Role } from '../../../src/core/site.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { bilevel, completeOptions } from '../../../src/search/strategies/bilevel/bilevel.ts';
import { listFinalists, worthOf } from '../../../src/search/strategies/last-word/finalists.ts';
import { sensitivity } from '../../../src/search/strategies/sensitivity.ts';
import type { Compile } from '../../../src/search/strategies/strategy.ts';
import type { CheckpointStore } from '../../../src/training/checkpoint.ts';
import type { LoopContext } from '../../../src/training/loop.ts';
import { countEvaluations, type StageConfig } from '../../../src/training/stage.ts';
import { tune } from '../../../src/training/tune-program.ts';
import { createToyExamples, drain } from '../../training/toy-program.ts';
import { assertResumes, createToyProblem, initialValue } from './toy-problem.ts';

const counts = [2, 3, 2, 4, 2, 1, 3, 2];
const rolesOfToys: Role[] = ['self-attention.query', 'self-attention.value', 'self-attention.output', 'final.norm'];
const toy = createToyProblem({ budget: 5, examples: createToyExamples(64) }, counts);
const candidates = toy.problem.candidates.map((candidate, i) => ({
  ...candidate,
  site: { ...candidate.site, role: rolesOfToys[i % 4]! },
}));
const problem = { ...toy.problem, candidates };
const { compile, state } = toy;
const limits = { budget: problem.budget, keepInert: false };
const optionsOf = (given: object) => completeOptions(bilevel.options.parse(given));
const options = optionsOf({ finalists: 4, 'finalist-steps': 8 });
const whole = await drain(bilevel.search(problem, options, compile, {}));
const alone = await drain(bilevel.search(problem, optionsOf({ finalists: 1 }), compile, {}));

const unknown = new Float64Array(counts.length).fill(Number.NaN);

test("finalists differ, fit the budget, and begin with the search's own answer", () => {
  const worth = [8, 7, 6, 5, 4, 3, 2, 1];
  const earlier = [1, 1, 1, 1, 9, 8, 1, 1];
  const finalists = listFinalists(8, { candidates, worth, earlier, seed: 1, ...limits });
  assert.equal(finalists.length, 8);
  assert.equal(new Set(finalists.map(({ kept }) => kept.join())).size, 8);
  assert.deepEqual(
    finalists.slice(0, 5).map(({ from }) => from),
    [
      "the search's own answer",
      'what it would keep without delta on self-attention.value',
      'what it would keep without delta on self-attention.value and delta on self-attention.query',
      'what it would have kept half-way',
      'a random structure (draw 0)',
    ].map(from => from.replaceAll('delta', candidates[0]!.delta.label)),
  );
  assert.deepEqual(finalists[0]!.kept, chooseStructure(worth, candidates, limits));
  // The first two fill the budget, of which values take more; without them, the first and the third do, and one more.
  assert.deepEqual(keptOf(finalists[0]!.kept), [0, 1]);
  assert.deepEqual(keptOf(finalists[1]!.kept), [0, 2, 5]);
  for (const finalist of finalists) {
    const spent = counts.reduce((sum, count, i) => sum + (finalist.kept[i] ? count : 0), 0);
    assert.ok(spent > 0 && spent <= 5);
    // Its worth makes it again.
    assert.deepEqual(chooseStructure(worthOf(finalist, worth), candidates, limits), finalist.kept);
  }
});

test('one of the finalists at least is random, and none is what must not be kept', () => {
  const worth = [8, 7, 6, 5, 4, 3, 2, 1];
  const sources = { candidates, worth, earlier: unknown, seed: 1, ...limits };
  for (const wanted of [2, 3, 4]) {
    const last = listFinalists(wanted, sources).at(-1)!;
    assert.match(last.from, /random/);
  }
  const closed = counts.map((_, i) => i === 0);
  for (const { kept, from } of listFinalists(3, { ...sources, closed })) if (!/random/.test(from)) assert.ok(!kept[0]);
});

const keptOf = (kept: readonly boolean[]) => kept.flatMap((is, i) => (is ? [i] : []));

test('the finalist with the least validation loss after the last round is found', async () => {
  const lossOf = async (kept: readonly boolean[], steps: number) => {
    const { program, initialDelta, validationLoss } = await compile(candidates.filter((_, i) => kept[i]));
    const evaluate = async (delta: Float32Array) => -(await validationLoss(delta));
    const config = { ...problem.tuning, maxSteps: steps, evaluateEvery: steps };
    const trained = await drain(tune({ program, initialDelta, examples: problem.examples, evaluate }, config));
    return -trained.result.score;
  };
  const { worth } = alone.result;
  const half = alone.events.find(event => event.type === 'step' && event.step === 10);
  const earlier = half?.type === 'step' ? half.probabilities! : unknown;
  let left = listFinalists(4, { candidates, worth, earlier, seed: 1, ...limits });
  assert.equal(left.length, 4);
  for (const steps of [4, 8]) {
    const losses = new Map<object, number>();
    for (const finalist of left) losses.set(finalist, await lossOf(finalist.kept, steps));
    left = [...left].sort((a, b) => losses.get(a)! - losses.get(b)!).slice(0, left.length / 2);
  }
  assert.deepEqual(chooseStructure(whole.result.worth, candidates, limits), left[0]!.kept);
  // p is the search's, whoever won.
  assert.deepEqual(whole.result.probabilities, alone.result.probabilities);
});

test('what overrules the search is named, with both losses', async () => {
  const best = keptOf(chooseStructure(alone.result.worth, candidates, limits));
  // Of the search's own answer the loss is large.
  const against: Compile = async modules => {
    const compiled = await compile(modules);
    const isOwn = modules.map(({ id }) => id).join() === best.map(i => candidates[i]!.id).join();
    return { ...compiled, validationLoss: async (...given) => (isOwn ? 10 : compiled.validationLoss(...given)) };
  };
  const { result } = await drain(bilevel.search(problem, options, against, {}));
  assert.notDeepEqual(keptOf(chooseStructure(result.worth, candidates, limits)), best);
  assert.match(
    result.warnings.join(),
    /Short trainings overruled the search: kept is .*, with a validation loss of \S+ after 8 steps; the search's own answer had 10\.0 after 4 steps\./,
  );
  const { finalists } = result;
  assert.equal(finalists!.length, 4);
  assert.deepEqual(
    finalists!.map(({ steps, found }) => [steps, found]),
    [
      [8, true],
      [8, false],
      [4, false],
      [4, false],
    ],
  );
  assert.deepEqual(finalists!.at(-1), { name: "the search's own answer", steps: 4, loss: 10, found: false });
  // That of the search is no score of it.
  assert.equal(result.score, undefined);
});

test('it costs what was said: a search, and two rounds', () => {
  // 64 examples: halves of 32 are 4 batches, of which 5 epochs are 20 steps, of two losses each. Then 4 trainings of 4
  // steps, and 2 of 8.
  assert.equal(whole.result.evaluations, 2 * 20 + 4 * 4 + 2 * 8);
  assert.equal(countEvaluations(bilevel.cost(problem, options)), whole.result.evaluations);
  const steps = whole.events.filter(({ type }) => type === 'step').map(event => event.step);
  assert.deepEqual(
    steps,
    Array.from({ length: 20 + 32 }, (_, i) => i + 1),
  );
  assert.ok(whole.events.every(event => event.steps === 52));
  assert.equal(bilevel.cost(problem, options)!.steps, 52);
});

test('where nobody says how long, it is a twenty-fourth of the training, and at least 50 steps beside a head', () => {
  const roundsOf = (maxSteps: number, headSize: number) => {
    const tuning = { ...problem.tuning, epochs: 1e4, maxSteps };
    const usual = bilevel.cost({ ...problem, tuning, headSize }, optionsOf({ finalists: 2 }))!;
    // Two finalists are one round.
    return (usual.steps - 20) / 2;
  };
  const lengths = [40, 240, 2400];
  assert.deepEqual(
    lengths.map(steps => roundsOf(steps, 0)),
    [2, 10, 100],
  );
  assert.deepEqual(
    lengths.map(steps => roundsOf(steps, 1)),
    [40, 50, 100],
  );
});

test('short trainings begin with the head that the search has trained, and with fresh modules', async () => {
  const { problem, compile } = createToyProblem({ headSize: 1, examples: createToyExamples(64) });
  const searches = {
    bilevel: (given: object, compile: Compile, context: LoopContext = {}) =>
      bilevel.search(problem, optionsOf(given), compile, context),
    sensitivity: (given: object, compile: Compile, context: LoopContext = {}) =>
      sensitivity.search(problem, sensitivity.options.parse(given), compile, context),
  };
  for (const [name, search] of Object.entries(searches)) {
    const { heads } = (await drain(search({ finalists: 1 }, compile))).result;
    assert.equal(heads?.length, 1);
    assert.notEqual(heads[0], initialValue);
    // Where each program begins: that of the search first.
    const begun: Float32Array[] = [];
    const watched: Compile = async modules => {
      const compiled = await compile(modules);
      let isFirst = true;
      const lossAndGradients: Trainable['lossAndGradients'] = async (batch, delta, gates) => {
        if (isFirst) begun.push(delta.slice());
        isFirst = false;
        return compiled.program.lossAndGradients(batch, delta, gates);
      };
      return { ...compiled, program: { ...compiled.program, lossAndGradients } };
    };
    const short = { finalists: 4, 'finalist-steps': 8 };
    await drain(search(short, watched));
    assert.equal(begun.length, 1 + 4 + 2);
    for (const [i, delta] of begun.entries()) {
      assert.ok(delta.subarray(0, -1).every(value => value === initialValue));
      assert.equal(delta.at(-1), i === 0 ? initialValue : heads[0], `${name}, ${i}`);
    }
    await assertResumes(context => search(short, compile, context), [3, 10, 25, 30, 40]);
  }
});

test('no program is left open, and one at a time is', async () => {
  state.open = 0;
  let most = 0;
  const watched: Compile = async modules => {
    const compiled = await compile(modules);
    most = Math.max(most, state.open);
    return compiled;
  };
  await drain(bilevel.search(problem, options, watched, {}));
  assert.equal(state.open, 0);
  assert.equal(most, 1);
});

test('interrupted after any step, the rest is bit for bit the same', async () => {
  // At the beginning, the end and within each of the stages.
  await assertResumes(
    context => bilevel.search(problem, options, compile, context),
    [1, 10, 19, 20, 21, 23, 24, 25, 36, 37, 44, 45, 51],
  );
});

test('heads are saved with a state where there are any, so that those of a model without are as they always were', async () => {
  for (const headSize of [0, 1]) {
    const { problem, compile } = createToyProblem({ headSize, examples: createToyExamples(64) });
    const saved = new Set<string>();
    const checkpoint: CheckpointStore = {
      load: async () => undefined,
      save: async ({ arrays }) => {
        for (const name of Object.keys(arrays)) saved.add(name);
      },
    };
    const controller = new AbortController();
    await assert.rejects(async () => {
      const events = bilevel.search(problem, options, compile, { checkpoint, signal: controller.signal });
      for await (const event of events) if (event.type === 'step' && event.step === 25) controller.abort();
    }, InterruptedError);
    assert.ok(saved.has('series.worth'));
    assert.equal(saved.has('series.heads'), headSize > 0);
  }
});

test('where everything fits, or an L0 penalty decides, nothing is said afterwards; one finalist is the answer', async () => {
  const all = { ...problem, budget: 100 };
  assert.equal(bilevel.cost(all, options), undefined);
  const { result } = await drain(bilevel.search(all, options, compile, {}));
  assert.equal(result.evaluations, 0);
  const open = { ...options, ...optionsOf({ objective: 'l0' }) };
  assert.equal(bilevel.cost(problem, open)!.steps, 20);
  assert.equal(alone.result.steps, 20);
  assert.equal(bilevel.cost(problem, optionsOf({ finalists: 1 }))!.steps, 20);
});

test('a finalist that diverges loses, and is an error where all do', async () => {
  const diverging = (isIt: (size: number) => boolean): Compile => {
    return async modules => {
      const compiled = await compile(modules);
      if (!isIt(modules.length)) return compiled;
      const lossAndGradients = async () => ({
        loss: Number.NaN,
        delta: new Float32Array(compiled.program.layout.size),
        gates: new Float32Array(modules.length),
      });
      return { ...compiled, program: { ...compiled.program, lossAndGradients } };
    };
  };
  const all = diverging(size => size < candidates.length);
  await assert.rejects(drain(bilevel.search(problem, options, all, {})), DivergedError);
  const pairs = diverging(size => size === 2);
  const { result } = await drain(bilevel.search(problem, options, pairs, {}));
  assert.notEqual(keptOf(chooseStructure(result.worth, candidates, limits)).length, 2);
});

test('finalists are compared at one rate: the least that suits any of them', async () => {
  const { learningRate } = problem.tuning;
  const finalistsAt = async (rates: readonly number[], tuning: Partial<StageConfig>) => {
    const rated = candidates.map((candidate, i) => ({
      ...candidate,
      delta: { ...candidate.delta, rate: rates[i % rates.length]! },
    }));
    const changed = { ...problem, candidates: rated, tuning: { ...problem.tuning, ...tuning } };
    return (await drain(bilevel.search(changed, options, compile, {}))).result.finalists;
  };
  assert.deepEqual(
    await finalistsAt([1, 8], { kindRates: true }),
    whole.result.finalists,
    'beside one of the usual rate',
  );
  assert.deepEqual(
    await finalistsAt([8, 4], { kindRates: true }),
    await finalistsAt([1], { learningRate: 4 * learningRate }),
    'where all bear more',
  );
  assert.deepEqual(await finalistsAt([8, 4], {}), whole.result.finalists, 'where all modules learn at one rate');
});
