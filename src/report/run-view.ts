import { deltas } from '../deltas/kinds.ts';
import type { MetricsLine } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import { keptAt, type SearchHistory } from '../runs/search-history.ts';
import type { FinalistRecord, Structure } from '../structure/structure-file.ts';
import type { HeatMapModule } from './heat-map.ts';
import { layerLabels, roleLabel } from './labels.ts';
import type { Verdict } from './verdict/verdict.ts';

/** All there is to show of a run, at whatever time of its life. */
export interface RunView {
  /** Absent before a structure is found. */
  readonly result?: RunResult;
  /** The structure; while it is searched, as it stands. Empty before the first moment of a search. */
  readonly modules: readonly HeatMapModule[];
  readonly moments: readonly SearchMoment[];
  /** Structures that the search trained for short at its end, the one that was found first; absent where it did not. */
  readonly finalists?: readonly FinalistRecord[];
  readonly metrics: readonly MetricsLine[];
  /** The text of config.yaml. */
  readonly config: string;
  /** What it came to; absent before there is a result. */
  readonly verdict?: Verdict;
}

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

/**
 * A structure's modules as the reports show them. Where nothing was searched, p is 1 for what is kept and else 0. A
 * kind of a plugin is called as it told when the structure was made, else by its name: reading runs no plugin's code.
 */
export function shownModules({ modules, labels = {} }: Pick<Structure, 'modules' | 'labels'>): HeatMapModule[] {
  const layerOf = layerLabels(modules.map(({ place }) => place));
  return modules.map(({ site, kind, role, place, parameters, worth, p, kept, inert }) => ({
    site,
    kind: deltas[kind]?.label ?? labels[kind] ?? kind,
    position: roleLabel({ role, name: site }),
    layer: layerOf(place),
    place,
    parameters,
    p: p ?? (kept ? 1 : 0),
    kept,
    ...(inert && { inert }),
    ...(worth !== null && { worth }),
  }));
}
