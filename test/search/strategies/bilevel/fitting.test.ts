import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseStructure } from '../../../../src/search/choose-structure.ts';
import { bilevel } from '../../../../src/search/strategies/bilevel/bilevel.ts';
import { fittingCandidates } from '../../../../src/search/strategies/fitting.ts';
import { drain } from '../../../training/toy-program.ts';
import { createToyProblem, withoutTime } from '../toy-problem.ts';

const counts = [2, 6, 2, 2, 7, 2];
const limits = { budget: 4, keepInert: false };
const options = bilevel.complete!(bilevel.options.parse({ order: 'first', finalists: 1 }));

test('what can never be kept is not compiled, has no p and is closed; the others are searched as if alone', async () => {
  const { problem, compile, state } = createToyProblem({}, counts);
  const { events, result } = await drain(bilevel.search(problem, options, compile, {}));
  assert.deepEqual(
    state.compiled.map(modules => modules.map(({ parameters }) => parameters)),
    [[2, 2, 2, 2]],
  );
  assert.equal(bilevel.cost(problem, options)!.modules.length, 4);
  const alone = createToyProblem({}, [2, 2, 2, 2]);
  const all = { ...options, 'fitting-only': false };
  const expected = await drain(bilevel.search(alone.problem, all, alone.compile, {}));
  const at = [0, 2, 3, 5];
  assert.deepEqual(
    at.map(i => result.worth[i]),
    [...expected.result.worth],
  );
  assert.deepEqual(
    at.map(i => result.probabilities![i]),
    [...expected.result.probabilities!],
  );
  assert.deepEqual([result.closed![1], result.closed![4], result.probabilities![1]], [true, true, 0]);
  assert.ok(result.worth.every(Number.isFinite));
  for (const event of events) {
    if (event.type === 'step') assert.deepEqual([event.probabilities!.length, event.probabilities![4]], [6, 0]);
  }
  assert.equal(events.length, expected.events.length);
  const kept = chooseStructure(result.worth, problem.candidates, { ...limits, closed: result.closed! });
  assert.equal(kept.filter(Boolean).length, 2);
});

test('inert candidates are left out too, unless they may be kept', () => {
  const { problem } = createToyProblem({}, counts);
  const candidates = problem.candidates.map((module, i) => ({ ...module, inert: i === 0 }));
  assert.equal(fittingCandidates({ ...problem, candidates }).problem.candidates.length, 3);
  assert.equal(fittingCandidates({ ...problem, candidates, keepInert: true }).problem.candidates.length, 4);
});

test('candidates are trained at one rate: the least that suits any that can be kept', () => {
  const { problem } = createToyProblem({}, counts);
  const rates = [8, 1, 8, 4, 1, 8];
  const candidates = problem.candidates.map((candidate, i) => ({
    ...candidate,
    delta: { ...candidate.delta, rate: rates[i]! },
  }));
  const rateOf = (suited: boolean, options?: Parameters<typeof fittingCandidates>[1]) => {
    const stage = { ...problem.stage, learningRate: 0.01, ...(suited && { kindRates: true }) };
    return fittingCandidates({ ...problem, candidates, stage }, options).problem.stage.learningRate;
  };
  assert.deepEqual([rateOf(true), rateOf(true, { 'fitting-only': false }), rateOf(false)], [0.04, 0.01, 0.01]);
});

test('where all fit the problem is searched as it is', async () => {
  const { problem, compile } = createToyProblem({});
  assert.equal(fittingCandidates(problem).problem, problem);
  const [on, off] = await Promise.all(
    [true, false].map(is => drain(bilevel.search(problem, { ...options, 'fitting-only': is }, compile, {}))),
  );
  assert.deepEqual(withoutTime(on!.result), withoutTime(off!.result));
});

test('what fits together is kept without a search', async () => {
  const { problem, compile } = createToyProblem({ budget: 4 }, [2, 9, 2]);
  const { result } = await drain(bilevel.search(problem, options, compile, {}));
  assert.equal(result.evaluations, 0);
  assert.deepEqual(chooseStructure(result.worth, problem.candidates, { ...limits, closed: result.closed! }), [
    true,
    false,
    true,
  ]);
  assert.equal(bilevel.cost(problem, options), undefined);
});
