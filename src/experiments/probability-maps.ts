import type { HeatMapModule } from '../report/heat-map.ts';
import { shownModules } from '../report/structure-modules.ts';
import { meanStructure, spreadOfProbability } from '../search/mean-structure.ts';
import type { Structure } from '../structure/structure-file.ts';

/** What several searches think of each module, as heat maps show it (figure 9 of the paper, over seeds). */
export interface ProbabilityMaps {
  /** p is the mean; kept are the modules that more than half of the searches keep, which may not fit in one budget. */
  readonly mean: readonly HeatMapModule[];
  /** What the marks of `mean` say, in words. */
  readonly keptBy: string;
  /** p is the standard deviation; nothing is kept. */
  readonly spread: readonly HeatMapModule[];
}

/** InputError for structures of different models or spaces, or none. */
export function probabilityMaps(structures: readonly Structure[]): ProbabilityMaps {
  const modules = shownModules(meanStructure(structures).modules);
  const spread = spreadOfProbability(structures);
  const keptBy = (i: number) => structures.filter(structure => structure.modules[i]!.kept).length;
  return {
    mean: modules.map((module, i) => ({ ...module, kept: 2 * keptBy(i) > structures.length })),
    keptBy: keptWord(structures.length),
    spread: modules.map((module, i) => ({ ...module, p: spread[i]!, kept: false })),
  };
}

function keptWord(searches: number): string {
  if (searches === 1) return 'kept';
  return searches === 2 ? 'kept by both searches' : `kept by more than half of ${searches} searches`;
}
