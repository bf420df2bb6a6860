import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../core/errors.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { sourceOf } from '../jobs/trials.ts';
import { type HeatMapModule, heatMap } from '../report/heat-map.ts';
import { heatMapSvg } from '../report/pictures/heat-map-svg.ts';
import { quantityOf } from '../report/quantities.ts';
import { shownModules } from '../report/run-view.ts';
import { runFolder } from '../runs/run-folder.ts';
import { meanProbability, spreadOfProbability } from '../search/choose-structure.ts';
import { defaultSpace } from '../structure/spaces.ts';
import { readStructure, type Structure } from '../structure/structure-file.ts';
import { fileName } from './cell.ts';

export interface FoundFile {
  readonly file: string;
  readonly structure: Structure;
}

/**
 * Searched structures, by the task they were found on.
 *
 * @param paths structure files, run folders, and folders that hold runs at any depth; of the latter the structures of
 * the space are taken that a search has made, not those that were carried over
 * @throws InputError where a path holds none, or a structure does not say its task
 */
export async function findStructures(paths: readonly string[], space: string): Promise<Map<string, FoundFile[]>> {
  const byTask = new Map<string, FoundFile[]>();
  for (const path of paths) {
    for (const file of await structureFiles(path, space)) {
      const structure = await readStructure(file);
      const { tasks } = await sourceOf(file, structure);
      if (tasks.length === 0) {
        throw new InputError('this structure does not say which task it was found on', {
          code: 'structure-source-unknown',
          where: file,
          remedy: 'give the run folder it lies in, with its result.json',
        });
      }
      const task = tasks.join('+');
      byTask.set(task, [...(byTask.get(task) ?? []), { file, structure }]);
    }
  }
  return byTask;
}

async function structureFiles(path: string, space: string): Promise<string[]> {
  if (!existsSync(path)) {
    throw new InputError('there is no such file or folder', {
      code: 'missing-file',
      where: path,
      remedy: 'give a structure.json or a run folder',
    });
  }
  if (!statSync(path).isDirectory()) return [path];
  const own = runFolder(path).structure;
  if (existsSync(own)) return [own];
  const below = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => /(^|[\\/])structure\.json$/.test(name))
    .sort()
    .map(name => join(path, name));
  const searched: string[] = [];
  for (const file of below) {
    const { space: own, source, modules } = await readStructure(file);
    if (own === space && source === undefined && modules.some(({ worth }) => worth !== null)) searched.push(file);
  }
  if (searched.length > 0) return searched;
  throw new InputError(`no run in this folder has searched a structure in the space ${space}`, {
    code: 'no-structure-found',
    where: path,
    remedy: 'give folders of `s3delta search` or `s3delta compare`, or another --space',
  });
}

/** What several searches think of each module, as heat maps show it (figure 9 of the paper, over seeds). */
export interface ProbabilityMaps {
  /**
   * p is the mean over several searches, of kept (0 or 1) where one has no p; a single one is as it is. Kept are the
   * modules that more than half of the searches keep, which may not fit in one budget.
   */
  readonly mean: readonly HeatMapModule[];
  /** What the marks of `mean` say, in words. */
  readonly keptBy: string;
  /** p is the standard deviation of what `mean` is of; nothing is kept. */
  readonly spread: readonly HeatMapModule[];
  /** What the numbers of both are, in words. */
  readonly quantities: Readonly<Record<'mean' | 'spread', MapWords>>;
}

/** What the numbers of a map over searches are called: in its legend, and in its title. */
export interface MapWords {
  readonly name: string;
  readonly title: string;
}

const ofProbabilities: ProbabilityMaps['quantities'] = {
  mean: { name: 'mean p', title: 'mean of p' },
  spread: { name: 'sd of p', title: 'sd of p' },
};

/** What there is to say of searches that have p, of such as have none, and of both together. */
function averagesOf(structures: readonly Structure[], shown: readonly HeatMapModule[]): ProbabilityMaps['quantities'] {
  const same = (name: string) => ({ name, title: name });
  const having = structures.filter(({ modules }) => modules.every(({ p }) => p !== null)).length;
  if (having === structures.length) return ofProbabilities;
  const kept = 'being kept (1 or 0)';
  if (having > 0) return { mean: same(`mean of p, or of ${kept}`), spread: same(`sd of p, or of ${kept}`) };
  const own = structures.length === 1 ? quantityOf(shown).name : 'share of searches that keep it';
  return { mean: same(own), spread: same(`sd of ${kept}`) };
}

/** InputError for structures of different models or spaces, or none. */
export function probabilityMaps(structures: readonly Structure[]): ProbabilityMaps {
  const [first, ...others] = structures;
  const own = first === undefined ? [] : shownModules(first);
  const p = meanProbability(structures);
  // A single one is shown by what its search has told.
  const modules = others.length === 0 ? own : own.map(({ worth: _, ...module }, i) => ({ ...module, p: p[i]! }));
  const spread = spreadOfProbability(structures);
  const keptBy = (i: number) => structures.filter(structure => structure.modules[i]!.kept).length;
  return {
    mean: modules.map((module, i) => ({ ...module, kept: 2 * keptBy(i) > structures.length })),
    keptBy: keptWord(structures.length),
    spread: modules.map((module, i) => ({ ...module, p: spread[i]!, kept: false })),
    quantities: averagesOf(structures, modules),
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
 * Mean and spread of p, or of what is kept, over the searches of each task, and over all of them where there are
 * several tasks (figure 9 of the paper). Touches no file.
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
  const pictures = maps.flatMap(({ task, searches, mean, spread, keptBy, quantities }) => {
    const over = `over ${searches} search${searches === 1 ? '' : 'es'}`;
    const picture = (kind: string, modules: ProbabilityMaps['mean'], quantity: string) => ({
      file: join(out, `p-${kind}-${fileName(task)}.svg`),
      svg: heatMapSvg(heatMap(modules), `${task}: ${quantity} ${over}`, { quantity, kept: keptBy }),
    });
    const first = picture('mean', mean, quantities.mean.name);
    return searches > 1 ? [first, picture('spread', spread, quantities.spread.name)] : [first];
  });
  for (const { file, svg } of pictures) await writeFileWhole(file, svg);
  return pictures.map(({ file }) => file);
}
