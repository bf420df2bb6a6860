import type { HeatMapModule } from '../report/heat-map.ts';
import { shownModules } from '../report/structure-modules.ts';
import { meanStructure, spreadOfProbability } from '../search/mean-structure.ts';
import type { Structure } from '../structure/structure-file.ts';

/** What several searches think of each module, as heat maps show it (figure 9 of the paper, over seeds). */
export interface ProbabilityMaps {
  /** p is the mean; kept are the modules that at least half of the searches keep. */
  readonly mean: readonly HeatMapModule[];
  /** p is the standard deviation; nothing is kept. */
  readonly spread: readonly HeatMapModule[];
}

/** InputError for structures of different models or spaces, or none. */
export function probabilityMaps(structures: readonly Structure[]): ProbabilityMaps {
  const modules = shownModules(meanStructure(structures).modules);
  const spread = spreadOfProbability(structures);
  const keptBy = (i: number) => structures.filter(structure => structure.modules[i]!.kept).length;
  return {
    mean: modules.map((module, i) => ({ ...module, kept: 2 * keptBy(i) >= structures.length })),
    spread: modules.map((module, i) => ({ ...module, p: spread[i]!, kept: false })),
  };
}
