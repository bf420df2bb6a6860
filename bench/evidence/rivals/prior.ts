import { z } from 'zod';
import { biLevelSearch, defineStrategy, type SearchProblem } from '../../../src/research.ts';
import { firstOrder, searchOptions } from '../../../src/search/strategies/bilevel/bilevel.ts';
import { LOGIT_LIMIT } from '../../../src/search/strategies/bilevel/estimators.ts';
import { splitHalves } from '../../../src/search/strategies/bilevel/step-orders.ts';
import { fittingCandidates } from '../../../src/search/strategies/fitting.ts';
import type { Structure } from '../../../src/structure/structure-file.ts';

/** Of the steps that a search from nothing has. */
const SHARE = 0.1;

/**
 * A search that begins where one on another task ended, for a tenth of the steps (section E of the paper): the budget
 * shifts all logits of p alike, which the shifted sigmoid undoes. A strategy of the program once; it errs as that one
 * search does, and the default without its last word costs as little.
 * @param earlier of the same backbone and space, found by a bi-level search
 */
export const fromPrior = ({ modules }: Structure) =>
  defineStrategy({
    name: 'from-prior',
    label: 'S³Delta from a prior',
    description: 'a bi-level search of a tenth of the steps that begins with the p of an earlier one',
    options: z.object({}),
    varied: [],
    cost: () => undefined,

    async *search(whole, _, compile, context) {
      const { problem, widen } = fittingCandidates(shortened(whole));
      const logits = modules.map(({ p }) => (p === null || p === 0 ? Number.POSITIVE_INFINITY : logit(p)));
      const least = Math.min(...logits);
      // What the earlier search left out is as unlikely as its least likely.
      const place = new Map(whole.candidates.map((candidate, i) => [candidate, i]));
      const initialAlpha = Float64Array.from(problem.candidates, candidate => {
        const known = logits[place.get(candidate)!]!;
        return Number.isFinite(known) ? known : least;
      });
      const halves = splitHalves(problem.examples, problem.stage.seed);
      const { release: _release, ...compiled } = await compile(problem.candidates);
      const data = { deltaExamples: halves.delta, alphaExamples: halves.alpha };
      const options = { ...searchOptions(problem, firstOrder), initialAlpha };
      return yield* widen(biLevelSearch({ ...compiled, ...data }, options, context));
    },
  });

function shortened(problem: SearchProblem): SearchProblem {
  const { stage } = problem;
  return { ...problem, stage: { ...stage, maxSteps: Math.max(1, Math.ceil(SHARE * stage.maxSteps!)) } };
}

/** Kept off the ends as the search keeps it. */
function logit(p: number): number {
  return Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, Math.log(p / (1 - p))));
}
