import { deltaOf } from '../deltas/kinds.ts';
import type { ModuleRecord } from '../structure/structure-file.ts';
import type { HeatMapModule } from './heat-map.ts';

/** A structure's modules as the reports show them. Where nothing was searched, p is 1 for what is kept and else 0. */
export function shownModules(modules: readonly ModuleRecord[]): HeatMapModule[] {
  return modules.map(({ site, kind, position, column, parameters, worth, p, kept }) => ({
    site,
    kind: deltaOf(kind).label,
    position,
    column,
    parameters,
    p: p ?? (kept ? 1 : 0),
    kept,
    ...(worth !== null && { worth }),
  }));
}
