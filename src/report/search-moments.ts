import { keptAt, type SearchHistory } from '../runs/search-history.ts';
import type { HeatMapModule } from './heat-map.ts';

/** The structure being found, as it stood after a step of the search. `kept` are indices of modules. */
export interface SearchMoment {
  readonly step: number;
  /** One a module; 1 for what is kept and else 0 where the search has no probabilities. */
  readonly p: readonly number[];
  readonly kept: readonly number[];
}

/** The moments of a search for the modules shown, in their order. Empty where the history is of other modules. */
export function searchMoments(history: SearchHistory, modules: readonly HeatMapModule[]): SearchMoment[] {
  const sites = history.candidates.map(({ site }) => site);
  if (sites.length !== modules.length || sites.some((site, index) => site !== modules[index]!.site)) return [];
  return history.lines.map(line => {
    const kept = keptAt(history, line);
    return { step: line.step, p: line.p ?? kept.map(Number), kept: kept.flatMap((is, index) => (is ? [index] : [])) };
  });
}
