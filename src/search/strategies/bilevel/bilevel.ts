import { batchesPerEpoch } from '../../../data/batches.ts';
import { checkBudget } from '../../../structure/budget.ts';
import type { LoopContext } from '../../../training/loop.ts';
import type { StageCost } from '../../../training/stage.ts';
import { countSteps } from '../../../training/steps.ts';
import { costWithLastWord, withLastWord } from '../last-word/last-word.ts';
import { type Compile, defineStrategy, type SearchEvent, type SearchProblem, type SearchResult } from '../strategy.ts';
import {
  type BiLevelKeys,
  biLevelKeys,
  completeOptions,
  contradictions,
  relaxationOf,
  unsaidOptions,
  usually,
} from './bilevel-options.ts';
import { type BiLevelSearchOptions, biLevelSearch, settledResult } from './bilevel-search.ts';
import { splitHalves, stepArrays, stepBatches } from './step-orders.ts';

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
  unsaid: unsaidOptions,
  contradictions,
  // What the L0 penalty leaves open is kept.
  needsBudget: ({ objective }) => objective === 'budget',
  thrifty: ({ order }) =>
    order === 'first' ? [] : [{ options: { order: 'first' as const }, changes: 'the structure found may be another' }],

  cost: (problem, options) => costWithLastWord(problem, lastWordOf(options), ownCost(problem, options)),

  async *search(whole, options, compile, context) {
    checkBudget(whole.candidates, whole);
    const { problem, widen } = searchedProblem(whole, options);
    return yield* withLastWord(whole, lastWordOf(options), compile, context, {
      cost: ownCost(whole, options),
      search: (compile, context) => widen(searchAmong(problem, options, compile, context)),
    });
  },
});

/** What an L0 penalty leaves open has no size that other structures could be of. */
function lastWordOf(options: BiLevelKeys): BiLevelKeys {
  return options.objective === 'budget' ? options : { ...options, finalists: 1 };
}

/** What the search costs without its last word. */
function ownCost(whole: SearchProblem, options: BiLevelKeys): StageCost | undefined {
  const problem = searchedProblem(whole, options).problem;
  const { candidates, stage, examples } = problem;
  if (settledResult(candidates, searchOptions(problem, options)) !== undefined) return undefined;
  const { order } = options;
  const batches = stepBatches(splitHalves(examples, stage.seed), order);
  const steps = countSteps(batchesPerEpoch(batches[0].examples.length, stage.batchSize), stage.epochs, stage.maxSteps);
  // The loss takes a pass of its own, of about the time that the score does.
  const passes = options.judge === 'loss' ? 2 : 1;
  return {
    modules: candidates,
    steps,
    validations: passes * Math.ceil(steps / stage.evaluateEvery),
    batches,
    arrays: stepArrays[order],
    curvature: order === 'exact',
  };
}

async function* searchAmong(
  problem: SearchProblem,
  options: BiLevelKeys,
  compile: Compile,
  context: LoopContext,
): AsyncGenerator<SearchEvent, SearchResult> {
  const settled = settledResult(problem.candidates, searchOptions(problem, options));
  if (settled !== undefined) return settled;
  const halves = splitHalves(problem.examples, problem.stage.seed);
  const { program, initialDelta, evaluate, validationLoss } = await compile(problem.candidates);
  const data = { deltaExamples: halves.delta, alphaExamples: halves.alpha };
  return yield* biLevelSearch(
    { program, ...data, initialDelta, evaluate, ...(options.judge === 'loss' && { validationLoss }) },
    searchOptions(problem, options),
    context,
  );
}

/** What is searched among, and how it is told of all candidates. */
function searchedProblem(problem: SearchProblem, { 'fitting-only': fittingOnly }: BiLevelKeys): FittingSearch {
  return fittingOnly ? fittingCandidates(problem) : { problem, widen: events => events };
}

/** What a search by these keys does on a problem. */
export function searchOptions({ budget, keepInert, stage }: SearchProblem, options: BiLevelKeys): BiLevelSearchOptions {
  const { order, 'alpha-lr': alphaLearningRate, 'search-lr': given, patience, 'alpha-travel': alphaTravel } = options;
  const learningRate = given ?? stage.learningRate;
  return {
    ...stage,
    ...{ budget, keepInert, order, alphaLearningRate, learningRate },
    ...(given === undefined && { rateByOpenGates: true }),
    ...relaxationOf(options),
    ...(patience !== undefined && { patience }),
    ...(alphaTravel !== undefined && { alphaTravel }),
  };
}

/** A search among the candidates that can be kept, told and answered in terms of all of them. */
export interface FittingSearch {
  readonly problem: SearchProblem;
  /** What a search of that problem tells and finds, for all candidates: what was left out has p = 0, and is closed. */
  widen<Found extends SearchResult>(
    events: AsyncGenerator<SearchEvent, Found>,
  ): AsyncGenerator<SearchEvent, SearchResult>;
}

/**
 * The problem without candidates that can never be kept: larger than the whole budget, or without effect. In a search
 * they would take a share of p, and of the weights' rate, from those that can: at a budget of a few modules LoRA on
 * feed-forwards has the highest α of most searches and fits none (docs/measured/search-rates.md).
 */
export function fittingCandidates(problem: SearchProblem): FittingSearch {
  const { candidates, budget, keepInert } = problem;
  const places = candidates.flatMap(({ parameters, inert }, place) =>
    parameters <= budget && (keepInert || !inert) ? [place] : [],
  );
  if (places.length === candidates.length) return { problem, widen: events => events };
  const wide = (values: Float64Array, elsewhere: number) => {
    const all = new Float64Array(candidates.length).fill(elsewhere);
    for (const [i, place] of places.entries()) all[place] = values[i]!;
    return all;
  };
  const widenEvent = (event: SearchEvent): SearchEvent => {
    if (event.type !== 'step') return event;
    const { probabilities, worth } = event;
    return {
      ...event,
      ...(probabilities && { probabilities: wide(probabilities, 0) }),
      ...(worth && { worth: wide(worth, Math.min(0, ...worth)) }),
    };
  };
  return {
    problem: { ...problem, candidates: places.map(place => candidates[place]!) },
    async *widen(events) {
      let found: SearchResult;
      for (;;) {
        const next = await events.next();
        if (next.done) {
          found = next.value;
          break;
        }
        yield widenEvent(next.value);
      }
      const { worth, probabilities, closed } = found;
      const isLeftOut = candidates.map(() => true);
      for (const [i, place] of places.entries()) isLeftOut[place] = closed?.[i] ?? false;
      return {
        ...found,
        worth: wide(worth, Math.min(0, ...worth)),
        ...(probabilities && { probabilities: wide(probabilities, 0) }),
        closed: isLeftOut,
      };
    },
  };
}
