import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { JobConfig } from '../config/job-config.ts';
import type { EncodedExample } from '../core/program.ts';
import type { Model } from '../models/model.ts';
import { defaultStrategy } from '../search/strategies/strategies.ts';
import type { SearchProblem } from '../search/strategies/strategy.ts';
import { countEvaluations } from '../training/stage.ts';
import { type ResolvedSpace, resolveSpace } from './structures.ts';

/** A search in values: what it chooses from, how, and the sizes and rates of it and of the tuning that follows. */
export interface ResolvedSearch extends Pick<JobConfig, 'strategy' | 'options' | 'stage' | 'tuning'> {
  readonly space: ResolvedSpace;
}

/**
 * The search that a job's config asks for, of a model's own candidates. Computes nothing.
 * @throws InputError for an unknown space, and a budget that holds no module
 */
export function resolveSearch(
  model: Pick<Model, 'sites' | 'parameters'>,
  { strategy, options, space, stage, tuning }: JobConfig,
  catalogue: Catalogue = builtIn,
): ResolvedSearch {
  return { strategy, options, space: resolveSpace(model, space, catalogue), stage, tuning };
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
