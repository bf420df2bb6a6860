import { deltas } from '../deltas/kinds.ts';
import type { MetricsLine } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import { keptAt, type SearchHistory } from '../runs/search-history.ts';
import type { FinalistRecord, ModuleRecord, Structure } from '../structure/structure-file.ts';
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
  /** One a module, where the search has probabilities. */
  readonly p?: readonly number[];
  /** What it thought each module was worth, where it has none. */
  readonly worth?: readonly number[];
  readonly kept: readonly number[];
}

/** The moments of a search for the modules shown, in their order. Empty where the history is of other modules. */
export function searchMoments(history: SearchHistory, modules: readonly HeatMapModule[]): SearchMoment[] {
  const sites = history.candidates.map(({ site }) => site);
  if (sites.length !== modules.length || sites.some((site, index) => site !== modules[index]!.site)) return [];
  return history.lines.map(line => {
    const kept = keptAt(history, line).flatMap((is, index) => (is ? [index] : []));
    return { ...line, kept };
  });
}

/**
 * A structure's modules as the reports show them. Where no p is told, it is 0 for what can never be kept: what is
 * larger than the budget, or cannot change the output. A kind of a plugin is called as it told when the structure was
 * made, else by its name: reading runs no plugin's code.
 */
export function shownModules({
  modules,
  budget,
  labels = {},
}: Pick<Structure, 'modules' | 'budget' | 'labels'>): HeatMapModule[] {
  const isClosed = ({ parameters, inert, kept }: ModuleRecord) =>
    !kept && (inert || parameters > (budget ?? Number.POSITIVE_INFINITY));
  const layerOf = layerLabels(modules.map(({ place }) => place));
  return modules.map(module => {
    const { site, kind, role, place, parameters, worth, p, kept, inert } = module;
    return {
      site,
      kind: deltas[kind]?.label ?? labels[kind] ?? kind,
      position: roleLabel({ role, name: site }),
      layer: layerOf(place),
      place,
      parameters,
      p: p ?? (isClosed(module) ? 0 : null),
      kept,
      ...(inert && { inert }),
      ...(worth !== null && { worth }),
    };
  });
}
