import { keptAt, type SearchHistory } from '../runs/search-history.ts';
import type { HeatMapModule } from './heat-map.ts';

/** The structure being found, as it stood after a step of the search. One p a module; `kept` are indices of modules. */
export interface SearchMoment {
  readonly step: number;
  readonly p: readonly number[];
  readonly kept: readonly number[];
}

/** The moments of a search for the modules shown, in their order. Empty where the history is of other modules. */
export function searchMoments(history: SearchHistory, modules: readonly HeatMapModule[]): SearchMoment[] {
  const sites = history.candidates.map(({ site }) => site);
  if (sites.length !== modules.length || sites.some((site, index) => site !== modules[index]!.site)) return [];
  return history.lines.map(line => ({
    step: line.step,
    p: line.p,
    kept: keptAt(history, line).flatMap((kept, index) => (kept ? [index] : [])),
  }));
}
