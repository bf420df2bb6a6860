import assert from 'node:assert/strict';
import { test } from 'node:test';
import { biLevelKeys, bilevel, completeOptions } from '../../../../src/search/strategies/bilevel/bilevel.ts';
import { biLevelSearch } from '../../../../src/search/strategies/bilevel/bilevel-search.ts';
import { estimators, openRateShare } from '../../../../src/search/strategies/bilevel/estimators.ts';
import { splitHalves } from '../../../../src/search/strategies/bilevel/step-orders.ts';
import { countEvaluations } from '../../../../src/training/stage.ts';
import { drain } from '../../../training/toy-program.ts';
import { createToyProblem, withoutTime } from '../toy-problem.ts';

const { problem, compile, state } = createToyProblem();
const complete = (given: object = {}) => completeOptions(biLevelKeys.parse({ finalists: 1, ...given }));
const search = (given: object = {}) => drain(bilevel.search(problem, complete(given), compile, {}));

test('it is the bi-level search on two halves of the training set', async () => {
  const { result } = await search({ order: 'second', tau: 0.7, judge: 'score' });
  const halves = splitHalves(problem.examples, 1);
  const { program, initialDelta, evaluate } = await compile(problem.candidates);
  const { stage, budget, keepInert } = problem;
  const { result: direct } = await drain(
    biLevelSearch(
      { program, initialDelta, evaluate, deltaExamples: halves.delta, alphaExamples: halves.alpha },
      {
        ...{
          ...stage,
          budget,
          keepInert,
          order: 'second',
          estimator: 'concrete',
          gradient: 'global',
          tau: 0.7,
          beta: 1,
        },
        alphaLearningRate: 0.1,
        rateByOpenGates: true,
      },
    ),
  );
  assert.deepEqual(withoutTime(result), withoutTime(direct));
});

test('it computes what it said it would', async () => {
  for (const order of ['first', 'one-sided', 'second', 'exact']) {
    const { events, result } = await search({ order });
    const cost = bilevel.cost(problem, complete({ order }))!;
    assert.deepEqual([result.steps, result.evaluations], [cost.steps, countEvaluations(cost)], order);
    // A pass for the score and one for the loss.
    assert.equal(2 * events.filter(({ type }) => type === 'evaluation').length, cost.validations);
  }
});

test('its best moment is that of the least validation loss, or of the best score where that is asked for', async () => {
  // Scores that fall from validation to validation, and losses that are least at the second of three.
  const judged = async (judge: string) => {
    let [scored, taken] = [0, 0];
    const compiled = async (...modules: Parameters<typeof compile>) => ({
      ...(await compile(...modules)),
      evaluate: async () => 9 - scored++,
      validationLoss: async () => Math.abs(taken++ - 1),
    });
    const { result, events } = await drain(bilevel.search(problem, complete({ judge }), compiled, {}));
    const told = events.flatMap(event => (event.type === 'evaluation' ? [[event.best, event.validationLoss]] : []));
    return { ...result, told };
  };
  const byLoss = await judged('loss');
  const byScore = await judged('score');
  assert.deepEqual([byLoss.score, byScore.score], [8, 9]);
  assert.notDeepEqual(byLoss.worth, byScore.worth);
  assert.deepEqual(byLoss.told, [
    [9, 1],
    [8, 0],
    [8, 1],
  ]);
  assert.ok(byScore.told.every(([, loss]) => loss === undefined));
});

test('modules are searched at a rate by what the gates leave open, or at one that is given', async () => {
  const firstRate = async (given: object) => {
    const [first] = (await search(given)).events;
    return first?.type === 'step' ? first.learningRate : undefined;
  };
  const counts = problem.candidates.map(({ parameters }) => parameters);
  const relaxation = { gradient: 'global', tau: 1, beta: 1, uniforms: () => counts.map(() => 0.5) } as const;
  const estimator = estimators.concrete({ counts, budget: problem.budget, ...relaxation });
  const share = openRateShare(estimator, new Float64Array(counts.length), { counts, budget: problem.budget });
  assert.ok(share < 0.5, `${share}`);
  assert.equal(await firstRate({}), 0.02 * share);
  assert.equal(await firstRate({ objective: 'l0' }), 0.02);
  assert.equal(await firstRate({ 'search-lr': 0.004 }), 0.004);
});

test('where everything fits nothing is compiled, nor does it cost anything', async () => {
  const before = state.compiled.length;
  const all = { ...problem, budget: 12 };
  const { result } = await drain(bilevel.search(all, complete(), compile, {}));
  assert.equal(state.compiled.length, before);
  assert.equal(bilevel.cost(all, complete()), undefined);
  assert.match(result.warnings[0]!, /holds all candidates/);
});
