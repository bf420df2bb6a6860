import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { jobSizes } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import { type ChosenStrategy, chosenStrategy } from '../config/search-options.ts';
import type { EncodedExample } from '../core/program.ts';
import type { Model } from '../models/model.ts';
import { defaultStrategy } from '../search/strategies/strategies.ts';
import type { SearchProblem } from '../search/strategies/strategy.ts';
import type { StageConfig } from '../training/stage.ts';
import { countEvaluations } from '../training/stage-cost.ts';
import { type ResolvedSpace, resolveSpace } from './structures.ts';

/** A search in values: what it chooses from, how, and the sizes and rates of it and of the tuning that follows. */
export interface ResolvedSearch extends ChosenStrategy {
  readonly space: ResolvedSpace;
  readonly stage: StageConfig;
  readonly tuning: StageConfig;
}

/**
 * Makes values of the settings of a search. Computes nothing.
 * @throws InputError for an unknown space, and a budget that holds no module
 */
export function resolveSearch(
  model: Pick<Model, 'sites' | 'parameters'>,
  settings: ResolvedSettings,
  catalogue: Catalogue = builtIn,
): ResolvedSearch {
  const { search: stage, tuning } = jobSizes(settings);
  return { ...chosenStrategy(settings, catalogue), space: resolveSpace(model, settings, catalogue), stage, tuning };
}

/** What a search's strategy is handed. @throws InputError for too little training data */
export function searchProblem(
  { space, stage, tuning }: Pick<ResolvedSearch, 'space' | 'stage' | 'tuning'>,
  examples: readonly EncodedExample[],
  backbone?: string,
): SearchProblem {
  const { candidates, budget, keepInert } = space;
  const known = { ...(backbone !== undefined && { backbone }) };
  const problem = { candidates, budget, keepInert, ...known, examples, stage, tuning, usualEvaluations: 0 };
  const usual = defaultStrategy.options.parse({});
  const usualCost = defaultStrategy.cost(problem, defaultStrategy.complete?.(usual) ?? usual);
  return { ...problem, usualEvaluations: countEvaluations(usualCost) };
}
