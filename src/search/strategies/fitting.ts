import { flag, keyWithDefault } from '../../core/checked-values.ts';
import { type BudgetOptions, type Cost, checkBudget } from '../../structure/budget.ts';
import { atOneRate } from '../../training/rates.ts';
import type { StageCost } from '../../training/stage.ts';
import type { SearchEvent, SearchProblem, SearchResult } from './strategy.ts';

/** The key by which a search does not leave out what can never be kept. */
export const fittingKeys = {
  'fitting-only': keyWithDefault(
    flag,
    true,
    'search among the candidates that can be kept alone: not larger than the budget, and able to change the output',
    { off: 'search among all candidates, as the paper does, those too that can never be kept' },
  ),
};

interface FittingOptions {
  readonly 'fitting-only'?: boolean;
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
 * feed-forwards has the highest α of most searches and fits none (docs/measured/search-rates.md). Where all are asked
 * for it is the problem as it is.
 */
export function fittingCandidates(
  problem: SearchProblem,
  { 'fitting-only': fittingOnly = true }: FittingOptions = {},
): FittingSearch {
  const { candidates, budget, keepInert } = problem;
  const whole = { problem: comparing(problem), widen: <Events>(events: Events) => events };
  if (!fittingOnly) return whole;
  const places = candidates.flatMap(({ parameters, inert }, place) =>
    parameters <= budget && (keepInert || !inert) ? [place] : [],
  );
  if (places.length === candidates.length) return whole;
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
    problem: comparing({ ...problem, candidates: places.map(place => candidates[place]!) }),
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

/** All candidates are trained at once, at one rate. */
const comparing = (problem: SearchProblem): SearchProblem =>
  problem.stage.kindRates ? { ...problem, stage: atOneRate(problem.stage, problem.candidates) } : problem;

const holdsAll = ({ candidates, budget }: SearchProblem) =>
  candidates.reduce((sum, { parameters }) => sum + parameters, 0) <= budget;

/** What there is to say where everything fits, and nothing is to be searched. */
export function nothingSearched(modules: readonly Cost[], { budget, keepInert }: BudgetOptions) {
  return {
    worth: new Float64Array(modules.length),
    probabilities: new Float64Array(modules.length).fill(1),
    closed: modules.map(() => false),
    ...{ bestStep: 0, steps: 0, evaluations: 0, seconds: 0 },
    warnings: [
      `The budget of ${budget} parameters holds all candidates: every ` +
        `one${keepInert ? '' : ' that can change the output'} is kept, nothing was searched.`,
    ],
  } satisfies SearchResult & { bestStep: number };
}

/**
 * Searches among the candidates that can be kept, unless all are asked for, and tells of all. Where the budget holds
 * them nothing is searched.
 * @throws InputError for a budget that holds no module
 */
export async function* searchFitting(
  whole: SearchProblem,
  search: (problem: SearchProblem) => AsyncGenerator<SearchEvent, SearchResult>,
  options?: FittingOptions,
): AsyncGenerator<SearchEvent, SearchResult> {
  checkBudget(whole.candidates, whole);
  const { problem, widen } = fittingCandidates(whole, options);
  return yield* widen(holdsAll(problem) ? settled(problem) : search(problem));
}

// biome-ignore lint/correctness/useYield: there is no step to tell of.
async function* settled(problem: SearchProblem): AsyncGenerator<SearchEvent, SearchResult> {
  return nothingSearched(problem.candidates, problem);
}

/** What such a search costs; undefined where nothing is searched. */
export function costOfFitting(
  whole: SearchProblem,
  costOf: (problem: SearchProblem) => StageCost,
  options?: FittingOptions,
): StageCost | undefined {
  const { problem } = fittingCandidates(whole, options);
  return holdsAll(problem) ? undefined : costOf(problem);
}
