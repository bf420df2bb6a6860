import { batchesPerEpoch } from '../../../data/batches.ts';
import { countSteps } from '../../../training/steps.ts';
import { defineStrategy, type SearchProblem } from '../strategy.ts';
import {
  type BiLevelKeys,
  biLevelKeys,
  completeOptions,
  contradictions,
  relaxationOf,
  usually,
} from './bilevel-options.ts';
import { type BiLevelSearchOptions, biLevelSearch, settledResult } from './bilevel-search.ts';
import { splitHalves, stepArrays, stepBatches } from './step-cost.ts';

/** S³Delta, the paper's search: gates shared out over the modules by α, learned with their parameters in two levels. */
export const bilevel = defineStrategy({
  name: 'bilevel',
  label: 'S³Delta',
  description:
    "S³Delta's bi-level search: all candidates are trained at once, and with them the probability of each to be kept",
  options: biLevelKeys,
  varied: ['order', 'gradient', 'tau', 'beta', 'alpha-lr'],
  usually,
  complete: completeOptions,
  contradictions,
  // What the L0 penalty leaves open is kept.
  needsBudget: ({ objective }) => objective === 'budget',
  thrifty: ({ order }) =>
    order === 'first' ? [] : [{ options: { order: 'first' as const }, changes: 'the structure found may be another' }],

  cost(problem, options) {
    const { candidates, stage, examples } = problem;
    if (settledResult(candidates, searchOptions(problem, options)) !== undefined) return undefined;
    const { order } = options;
    const batches = stepBatches(splitHalves(examples, stage.seed), order);
    const steps = countSteps(
      batchesPerEpoch(batches[0].examples.length, stage.batchSize),
      stage.epochs,
      stage.maxSteps,
    );
    const validations = Math.ceil(steps / stage.evaluateEvery);
    return {
      modules: candidates,
      steps,
      validations,
      batches,
      arrays: stepArrays[order],
      curvature: order === 'exact',
    };
  },

  async *search(problem, options, compile, context) {
    const settled = settledResult(problem.candidates, searchOptions(problem, options));
    if (settled !== undefined) return settled;
    const halves = splitHalves(problem.examples, problem.stage.seed);
    const { program, initialDelta, evaluate } = await compile(problem.candidates);
    return yield* biLevelSearch(
      { program, deltaExamples: halves.delta, alphaExamples: halves.alpha, initialDelta, evaluate },
      searchOptions(problem, options),
      context,
    );
  },
});

function searchOptions({ budget, keepInert, stage }: SearchProblem, options: BiLevelKeys): BiLevelSearchOptions {
  const { order, 'alpha-lr': alphaLearningRate, 'search-lr': given, patience } = options;
  const learningRate = given ?? stage.learningRate;
  return {
    ...stage,
    ...{ budget, keepInert, order, alphaLearningRate, learningRate },
    ...(given === undefined && { rateByOpenGates: true }),
    ...relaxationOf(options),
    ...(patience !== undefined && { patience }),
  };
}
