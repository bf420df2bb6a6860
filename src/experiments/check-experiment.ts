import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { readYamlKeys } from '../config/config-file.ts';
import { withAbsolutePaths } from '../config/parse-settings.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { JobContext } from '../jobs/job-events.ts';
import { forSearch, forTuning, prepare } from '../jobs/prepare.ts';
import { resolveSpace } from '../library/structures.ts';
import { experimentFile, requireFreshFolder, runFolder } from '../runs/run-folder.ts';
import { bilevel } from '../search/strategies/bilevel/bilevel.ts';
import { variedOptionsOf } from '../search/strategies/strategies.ts';
import { keptModules } from '../structure/structure-file.ts';
import { type Cell, cellName, computingKeys, derivedStructure, filesBefore } from './cell.ts';
import { type CellCost, costOfSearch, costOfTrainings } from './cost.ts';
import type { CommonSettings } from './list-cells.ts';

/**
 * Makes sure that a cell can be run, as far as that can be told without running it. Touches no file.
 * @param context is told what there is to know of its data
 * @returns what it computes
 * @throws InputError as its job would
 */
export async function checkCell({ job, settings, derive }: Cell, context: JobContext): Promise<CellCost> {
  const prepared = await prepare(settings, context);
  const { model, config, catalogue } = prepared;
  if (derive !== undefined && filesBefore(derive).every(file => existsSync(file))) {
    keptModules(await derivedStructure(derive, model, catalogue), model, undefined, catalogue);
  } else if (derive !== undefined) {
    resolveSpace(model, { ...config.space, budget: derive.budget }, catalogue);
  } else if (job === 'search') {
    return costOfSearch(prepared, forSearch(prepared).search);
  } else {
    return costOfTrainings(prepared, (await forTuning(prepared)).trials);
  }
  return costOfTrainings(prepared, [prepared]);
}

/**
 * Makes sure that each run has a folder of its own: two in one would be taken for one. Not every file system tells `A`
 * from `a`.
 * @throws InputError where two do not
 */
export function checkRunFolders(cells: readonly Cell[]): void {
  for (const [, [first, second]] of Map.groupBy(cells, cell => cell.folder.toLowerCase())) {
    if (second === undefined) continue;
    throw new InputError(`two runs would share this folder: ${cellName(first!)}, and ${cellName(second)}`, {
      code: 'run-folder-shared',
      where: second.folder,
      remedy: 'name every task, method, seed and budget once, and call tasks of your own differently',
    });
  }
}

/**
 * Makes sure that what is searched already was searched as the rest would be: an earlier version had another default. A
 * file that cannot be read fails the run that it belongs to, not the others.
 * @throws InputError for a search by another strategy
 */
export function checkSearches(cells: readonly Cell[]): void {
  for (const { job, method, folder, settings } of cells) {
    const { config } = runFolder(folder);
    if (job !== 'search' || !isThere(config)) continue;
    const begun = strategyBegunWith(config);
    if (begun === undefined || begun === settings.strategy) continue;
    const was = `\`${method}\` was ${begun} here when this run was begun, and is ${settings.strategy} now`;
    const remedy = `give another --out; \`--methods ${begun}\` names what it was`;
    throw new InputError(was, { code: 'other-settings', where: config, remedy });
  }
}

/** The first version had one strategy, and named none. */
function strategyBegunWith(config: string): string | undefined {
  try {
    const { strategy = bilevel.name } = readYamlKeys(config) as Pick<Settings, 'strategy'>;
    return strategy;
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that the runs of a folder have in common what they must. Touches no file.
 * @throws InputError where the folder holds a single run, or runs with other settings
 */
export function checkExperimentFolder(out: string, common: CommonSettings, { strategies }: Catalogue = builtIn): void {
  requireFreshFolder(runFolder(out));
  if (!existsSync(experimentFile(out))) return;
  // What a search alone reads is in the name of its folder.
  const changeable = [...computingKeys, ...variedOptionsOf(strategies)];
  const begun = withAbsolutePaths(readYamlKeys(experimentFile(out)) as CommonSettings);
  const now = withAbsolutePaths(common);
  for (const key of new Set([...Object.keys(begun), ...Object.keys(common)])) {
    if (changeable.includes(key) || JSON.stringify(begun[key]) === JSON.stringify(now[key])) continue;
    throw new InputError(
      `its runs were begun with \`${key}\` ${begun[key] ?? 'unset'}, not ${common[key] ?? 'unset'}`,
      { code: 'other-settings', where: experimentFile(out), remedy: `give the same --${key} again, or another --out` },
    );
  }
}

/** Notes what the runs of a folder have in common. The folder must exist. */
export function writeExperimentFile(out: string, common: CommonSettings): Promise<void> {
  return writeFileWhole(experimentFile(out), stringify(withAbsolutePaths(common)));
}
