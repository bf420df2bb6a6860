import { deltas as builtInDeltas, type Deltas } from '../deltas/kinds.ts';
import type { ModuleRecord } from '../structure/structure-file.ts';
import type { HeatMapModule } from './heat-map.ts';
import { layerLabels, roleLabel } from './labels.ts';

/** A structure's modules as the reports show them. Where nothing was searched, p is 1 for what is kept and else 0. */
export function shownModules(modules: readonly ModuleRecord[], deltas: Deltas = builtInDeltas): HeatMapModule[] {
  const layerOf = layerLabels(modules.map(({ place }) => place));
  return modules.map(({ site, kind, role, place, parameters, worth, p, kept, inert }) => ({
    site,
    // A plugin's kind is shown without it, by its name.
    kind: deltas[kind]?.label ?? kind,
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
