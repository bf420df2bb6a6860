import { deltas } from '../deltas/kinds.ts';
import type { Structure } from '../structure/structure-file.ts';
import type { HeatMapModule } from './heat-map.ts';
import { layerLabels, roleLabel } from './labels.ts';

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
