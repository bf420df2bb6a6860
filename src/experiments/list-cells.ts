import { join } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { type ExperimentSettings, manySeeds } from '../config/experiment-settings.ts';
import { compileSettings, completeSettings } from '../config/job-config.ts';
import { withPaperValues } from '../config/presets.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { mean } from '../core/statistics.ts';
import type { Loaders, Tell } from '../jobs/job-events.ts';
import { type Flags, shownByUsual, usualSeeds } from '../report/verdict/verdict.ts';
import { runFolder } from '../runs/run-folder.ts';
import { bilevel } from '../search/strategies/bilevel/bilevel.ts';
import {
  defaultStrategy,
  optionKeysOf,
  strategiesWith,
  strategyMeant,
  variedOptionsOf,
} from '../search/strategies/strategies.ts';
import type { SearchStrategy } from '../search/strategies/strategy.ts';
import { parseBudget } from '../structure/budget.ts';
import { randomDraw } from '../structure/built-in-methods.ts';
import { defaultSpace } from '../structure/spaces.ts';
import { type Cell, cellFolder, cellKind, fileName } from './cell.ts';
import { type ComparedMethod, comparedMethod, defaultSearch } from './methods.ts';

/** All runs of an experiment. Those of a phase need what the phases before have written, and nothing of each other. */
export interface ExperimentCells {
  readonly phases: readonly (readonly Cell[])[];
  /** Settings that every run has alike: what a folder's runs must have in common. */
  readonly common: CommonSettings;
  /** Parameters that the shared search of each task is run at, where there is one. */
  readonly sharedBudgets: Readonly<Record<string, number>>;
  /** Flags without which the same command on its folder would list other runs: they are no settings of every run. */
  readonly again: Flags;
  /** Fewest parameters that methods take, by their names, where that is more than the cheapest candidate. */
  readonly least: Readonly<Record<string, number>>;
  /** Where it is asked how small a structure can be (`score-within.ts`). */
  readonly asked?: HowSmall;
}

/** How small a structure can be for a score within so much of a method's. */
export interface HowSmall {
  /** The margin as a user wrote it. */
  readonly within: string;
  /** The method as a user wrote it, and as rows name it. */
  readonly against: string;
  readonly row: string;
}

/** By key; what a transfer takes its structures from is among them. */
export type CommonSettings = Readonly<Record<string, unknown>>;

/** What is compared where nothing is said. */
const defaultMethods = [defaultSearch, randomDraw];

/**
 * Lists the runs: tasks × seeds × methods × budgets × varied settings of the searches. Touches no file.
 * @throws InputError for unknown tasks, methods and models, budgets that cannot be read, and a device that cannot start
 */
export async function listCells(
  given: ExperimentSettings,
  out: string,
  loaders: Loaders,
  tell?: Tell,
  catalogue: Catalogue = builtIn,
): Promise<ExperimentCells> {
  const { model: modelName, task: tasks, methods: names = defaultMethods, seeds = [0] } = given;
  if (modelName === undefined || tasks === undefined) {
    throw new InputError(`no ${modelName === undefined ? 'model' : 'task'} is given`, {
      code: 'missing-setting',
      where: modelName === undefined ? '--model' : '--task',
      remedy: 'give both, for example `--model mini --task rte,mrpc`',
    });
  }
  const search = searchMeant(given, catalogue);
  const methods = names.map(name => comparedMethod(name, catalogue, search));
  checkOptions(given, methods, catalogue);
  checkDistinct(given, methods);
  // Chosen once: every run is to compute on the same, and a child process would measure beside its siblings.
  const device = await loaders.device(given.device, tell);
  const common = commonSettings({ ...given, device }, catalogue);
  const model = await loaders.model(modelName, {
    ...compileSettings({ ...common, device }),
    families: catalogue.families,
  });
  const searches: Cell[] = [];
  const cells: Cell[] = [];
  const sharedBudgets: Record<string, number> = {};
  for (const nameOrFile of tasks) {
    const task = await loaders.task(nameOrFile, catalogue);
    const usual = settingsFor(search, common, catalogue);
    const budgets = given.budget ?? [usualBudget(completeSettings(model, task, usual, undefined, catalogue))];
    const middle = Math.round(geometricMean(budgets.map(budget => parseBudget(budget, model.parameters))));
    for (const seed of seeds) {
      const alike = { out, task: task.name, seed, budgets, settings: { ...common, task: nameOrFile, seed } };
      for (const group of methods.flatMap(method => cellsOfMethod(method, given, alike, catalogue))) {
        if (given['share-search'] && group.job === 'search') {
          const shared = sharedSearch(group.cells, String(middle), out);
          searches.push(shared.search);
          cells.push(...shared.cells);
          sharedBudgets[task.name] = middle;
        } else {
          cells.push(...group.cells);
        }
      }
    }
  }
  // Runs that differ by their seed alone one after another: they may share a compiled program.
  const inTurn = [...Map.groupBy(cells, cellKind).values()].flat();
  return {
    phases: searches.length > 0 ? [searches, inTurn] : [inTurn],
    ...{ common, sharedBudgets },
    ...{ again: flagsAgain(given, catalogue), least: leastOf(model.sites, catalogue) },
  };
}

/** Says where more seeds are asked for than show anything. */
export function tellManySeeds({ seeds = [] }: Pick<ExperimentSettings, 'seeds'>, tell: Tell | undefined): void {
  const different = new Set(seeds).size;
  if (different < manySeeds) return;
  tell?.(
    `${different} seeds: a difference that takes ${manySeeds} or more to be seen is too small to matter; ` +
      `--seeds ${usualSeeds} show one of ${shownByUsual}`,
  );
}

/** What `found` searches by: the default, or S³Delta where an option is given that the default has not got. */
function searchMeant(given: ExperimentSettings, catalogue: Catalogue): SearchStrategy {
  const [usual, ...others] = catalogue.strategies;
  const known = [usual!, ...others.filter(({ name }) => name === bilevel.name)];
  return strategyMeant(Object.keys(withPaperValues(given, catalogue)), known);
}

/** @throws InputError for an option of a strategy that no method searches by */
function checkOptions(given: ExperimentSettings, methods: readonly ComparedMethod[], catalogue: Catalogue): void {
  const searching = methods.map(({ strategy }) => strategy.name);
  for (const key of Object.keys(given)) {
    const owners = strategiesWith(key, catalogue.strategies);
    if (owners.length === 0 || owners.some(name => searching.includes(name))) continue;
    // In a comparison a name is that of a method first.
    const [owner] = owners.filter(name => !Object.hasOwn(catalogue.methods, name));
    throw new InputError(`\`${key}\` is an option of ${owners.join(' and ')}, and no method searches by it`, {
      code: 'option-of-another-strategy',
      where: `--${key}`,
      remedy: owner === undefined ? 'leave it out' : `leave it out, or add ${owner} to --methods`,
    });
  }
}

/** @throws InputError for two names of one search, whose every run would be made twice */
function checkDistinct(given: ExperimentSettings, methods: readonly ComparedMethod[]): void {
  const searching = methods.filter(({ job }) => job === 'search');
  const searchOf = ({ settings }: ComparedMethod) =>
    `${settings.strategy} in ${settings.space ?? given.space ?? defaultSpace}`;
  for (const [, [first, second]] of Map.groupBy(searching, searchOf)) {
    if (first === undefined || second === undefined || first.name === second.name) continue;
    throw new InputError(`\`${first.name}\` and \`${second.name}\` are the same search by these settings`, {
      code: 'conflicting-settings',
      where: '--methods',
      remedy: `leave one of them out, or name another: ${defaultStrategy.name} is the search where nothing is said`,
    });
  }
}

/** The settings without the options of other strategies. */
function settingsFor({ options }: SearchStrategy, settings: Settings, { strategies }: Catalogue): Settings {
  const all = optionKeysOf(strategies);
  const isOthers = (key: string) => Object.hasOwn(all, key) && !Object.hasOwn(options.shape, key);
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !isOthers(key)));
}

/** The budget where none is given. InputError where the search needs none: methods are compared at equal budget. */
function usualBudget({ budget }: ResolvedSettings): string {
  if (budget !== undefined) return budget;
  throw new InputError('methods are compared at equal budget, and a search by these settings needs none', {
    code: 'budget-unused',
    where: '--budget',
    remedy: 'give one, for example `--budget 20bp`',
  });
}

/** The runs of a method for one task and seed: a group for each variant, in it a run for each budget. */
function cellsOfMethod(
  method: ComparedMethod,
  given: ExperimentSettings,
  alike: { out: string; task: string; seed: number; budgets: readonly string[]; settings: Settings },
  catalogue: Catalogue,
): { job: Cell['job']; cells: Cell[] }[] {
  const { job, label, budgeted, strategy, rateKey } = method;
  const { out, task, seed, budgets } = alike;
  // A rate of its own stands for everyone's also where it is left out.
  const { lr, ...unrated } = settingsFor(strategy, alike.settings, catalogue);
  const rated = rateKey === undefined && lr !== undefined ? { ...unrated, lr } : unrated;
  const settingsOfAll = { ...rated, ...method.settings };
  return variants(method, given, catalogue).map(({ variant, varied }) => ({
    job,
    cells: (budgeted ? budgets : [null]).map(budget => {
      const named = { task, method: method.name, label, variant, budget, seed, isFound: job === 'search' };
      const settings = { ...settingsOfAll, ...varied, ...(budget !== null && { budget }) };
      return { ...named, job, settings, folder: cellFolder(out, named) };
    }),
  }));
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)));
}

/** The settings that are no lists, and the first of those of a search that are. */
function commonSettings(given: ExperimentSettings, { strategies }: Catalogue): Settings {
  const { task, methods, seeds, budget, out, 'share-search': share, 'fine-tuning-lr': rate, ...others } = given;
  // What is asked of the runs afterwards is no setting of theirs.
  const { 'score-within': within, against, ...rest } = others;
  const firsts = variedOptionsOf(strategies).flatMap(key => (given[key] === undefined ? [] : [[key, given[key][0]]]));
  return { ...rest, ...Object.fromEntries(firsts) };
}

/** What is given that `commonSettings` leaves out, beside what is compared. */
function flagsAgain(given: ExperimentSettings, { strategies }: Catalogue): Flags {
  const lists = variedOptionsOf(strategies).flatMap(key => {
    const values = given[key] ?? [];
    return values.length > 1 ? [[key, values.join()] as const] : [];
  });
  return {
    ...Object.fromEntries(lists),
    ...(given['share-search'] && { 'share-search': true }),
    'fine-tuning-lr': given['fine-tuning-lr'],
  };
}

function leastOf(sites: readonly Site[], { methods }: Catalogue): Record<string, number> {
  const known = Object.entries(methods).flatMap(([name, method]) => {
    const least = method.least?.(sites);
    return least !== undefined && Number.isFinite(least) ? [[name, least] as const] : [];
  });
  return Object.fromEntries(known);
}

interface Variant {
  /** What a folder calls it. */
  readonly variant: string;
  readonly varied: Settings;
}

const notVaried: Variant = { variant: '', varied: {} };

/** Of a search, every combination of the values that are given for the varied settings; of a method, its own rate. */
function variants(method: ComparedMethod, given: ExperimentSettings, catalogue: Catalogue): Variant[] {
  const { job, strategy, rateKey } = method;
  if (job === 'search') return searchVariants(strategy, given, catalogue);
  const rate = rateKey && given[rateKey];
  return [rate === undefined ? notVaried : { variant: `lr ${rate}`, varied: { lr: rate } }];
}

function searchVariants({ varied }: SearchStrategy, given: ExperimentSettings, { strategies }: Catalogue): Variant[] {
  let combinations = [notVaried];
  for (const key of variedOptionsOf(strategies)) {
    const values = given[key];
    if (values === undefined || !varied.includes(key)) continue;
    combinations = combinations.flatMap(({ variant, varied }) =>
      values.map(value => ({ variant: `${variant} ${key} ${value}`.trim(), varied: { ...varied, [key]: value } })),
    );
  }
  return combinations;
}

/** What makes a search look at all candidates, where its strategy leaves some out. */
function searchingAll({ strategy }: Settings): Settings {
  return strategiesWith('fitting-only').includes(strategy!) ? { 'fitting-only': false } : {};
}

/**
 * One search in place of one a budget. The order of the modules does not depend on the budget they are chosen at, but
 * what the search learns does: how many gates are open while it trains. The search is run at the geometric mean of the
 * budgets, so that none of them is farther from it than half of their range, on the scale on which gates open.
 *
 * What is too large for the middle budget may fit a larger one, so all candidates are searched.
 *
 * @param cells the searches it replaces, alike but for their budgets
 * @returns the search, and the trainings of what it finds at each budget
 */
function sharedSearch(cells: readonly Cell[], budget: string, out: string): { search: Cell; cells: Cell[] } {
  const [first] = cells as readonly [Cell];
  const named = { ...first, variant: `${first.variant} shared`.trim(), budget };
  const folder = cellFolder(out, { ...named, variant: `${named.variant} search` });
  const search: Cell = {
    ...named,
    folder,
    settings: { ...first.settings, budget, retrain: false, ...searchingAll(first.settings) },
  };
  return {
    search,
    cells: cells.map(cell => {
      const to = join(folder, `${fileName(`at ${cell.budget}`)}.json`);
      const { budget: _, ...settings } = cell.settings;
      const served = { ...cell, variant: named.variant };
      return {
        ...served,
        job: 'train',
        // Which search has served it depends on the other budgets.
        folder: cellFolder(out, { ...served, variant: `${named.variant} ${budget}` }),
        settings: { ...settings, structure: to },
        derive: {
          by: 'mean',
          from: [[runFolder(folder).structure]],
          budget: cell.budget!,
          keepInert: settings['keep-inert'] ?? false,
          to,
        },
      };
    }),
  };
}
