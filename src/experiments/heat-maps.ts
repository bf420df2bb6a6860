import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileWhole } from '../files/write-whole.ts';
import { type HeatMapModule, heatMap } from '../report/heat-map.ts';
import { heatMapSvg } from '../report/pictures/heat-map-svg.ts';
import { shownModules } from '../report/structure-modules.ts';
import { meanStructure, spreadOfProbability } from '../search/choose-structure.ts';
import { defaultSpace } from '../structure/spaces.ts';
import type { Structure } from '../structure/structure-file.ts';
import { fileName } from './cell.ts';
import { findStructures } from './find-structures.ts';

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
  const modules = shownModules(meanStructure(structures));
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

/** What the searches on one task think of each module. */
export interface TaskMaps extends ProbabilityMaps {
  readonly task: string;
  readonly searches: number;
}

/**
 * Mean and spread of p over the searches of each task, and over all of them where there are several tasks (figure 9 of
 * the paper). Touches no file.
 * @throws InputError where a path holds no searched structure, or structures do not go together
 */
export async function readHeatMaps(paths: readonly string[], space = defaultSpace): Promise<TaskMaps[]> {
  const found = [...(await findStructures(paths, space))].map(
    ([task, files]) => [task, files.map(file => file.structure)] as const,
  );
  const all = found.flatMap(([, structures]) => structures);
  const groups: (readonly [string, readonly Structure[]])[] = found.length > 1 ? [...found, ['all tasks', all]] : found;
  return groups.map(([task, structures]) => ({ task, searches: structures.length, ...probabilityMaps(structures) }));
}

/** Writes the pictures `p-mean-<task>.svg` and, of several searches, `p-spread-<task>.svg`. Returns their paths. */
export async function writeHeatMaps(out: string, maps: readonly TaskMaps[]): Promise<string[]> {
  await mkdir(out, { recursive: true });
  const pictures = maps.flatMap(({ task, searches, mean, spread, keptBy }) => {
    const over = `over ${searches} search${searches === 1 ? '' : 'es'}`;
    const picture = (kind: string, modules: ProbabilityMaps['mean'], quantity: string) => ({
      file: join(out, `p-${kind}-${fileName(task)}.svg`),
      svg: heatMapSvg(heatMap(modules), `${task}: ${quantity} ${over}`, { quantity, kept: keptBy }),
    });
    const first = picture('mean', mean, 'mean p');
    return searches > 1 ? [first, picture('spread', spread, 'sd of p')] : [first];
  });
  for (const { file, svg } of pictures) await writeFileWhole(file, svg);
  return pictures.map(({ file }) => file);
}
