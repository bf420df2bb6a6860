import { compileSettings } from '../config/job-config.ts';
import { type MatrixSettings, variedKeys } from '../config/matrix-settings.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { mean } from '../core/moments.ts';
import type { Loaders, Tell } from '../jobs/loaders.ts';
import { completeSettings } from '../library/stage-settings.ts';
import { parseBudget } from '../structure/budget.ts';
import { type Cell, cellFolder, cellKind } from './cell.ts';
import { type ComparedMethod, comparedMethod } from './methods.ts';
import { sharedSearch } from './shared-search.ts';

/** All runs of a matrix. Those of a phase need what the phases before have written, and nothing of each other. */
export interface MatrixPlan {
  readonly phases: readonly (readonly Cell[])[];
  /** Settings that every run has alike: what a folder's runs must have in common. */
  readonly common: CommonSettings;
  /** Parameters that the shared search of each task is run at, where there is one. */
  readonly sharedBudgets: Readonly<Record<string, number>>;
}

/** By key; what a transfer takes its structures from is among them. */
export type CommonSettings = Readonly<Record<string, unknown>>;

/** What is compared where nothing is said. */
const defaultMethods = ['found', 'random'];

/**
 * Lists the runs: tasks × seeds × methods × budgets × varied settings of the searches. Touches no file.
 * @throws InputError for unknown tasks, methods and models, budgets that cannot be read, and a device that cannot start
 */
export async function planMatrix(
  given: MatrixSettings,
  out: string,
  loaders: Loaders,
  tell?: Tell,
): Promise<MatrixPlan> {
  const { model: modelName, task: tasks, methods: names = defaultMethods, seeds = [0] } = given;
  if (modelName === undefined || tasks === undefined) {
    throw new InputError(`no ${modelName === undefined ? 'model' : 'task'} is given`, {
      where: modelName === undefined ? '--model' : '--task',
      remedy: 'give both, for example `--model mini --task rte,mrpc`',
    });
  }
  const methods = names.map(comparedMethod);
  // Chosen once: every run is to compute on the same, and a child process would measure beside its siblings.
  const device = await loaders.device(given.device, tell);
  const common = commonSettings({ ...given, device });
  const model = await loaders.model(modelName, compileSettings({ ...common, device }));
  const searches: Cell[] = [];
  const cells: Cell[] = [];
  const sharedBudgets: Record<string, number> = {};
  for (const nameOrFile of tasks) {
    const task = await loaders.task(nameOrFile);
    const budgets = given.budget ?? [usualBudget(completeSettings(model, task, common))];
    const middle = Math.round(geometricMean(budgets.map(budget => parseBudget(budget, model.parameters))));
    for (const seed of seeds) {
      const alike = { out, task: task.name, seed, budgets, settings: { ...common, task: nameOrFile, seed } };
      for (const group of methods.flatMap(method => cellsOfMethod(method, given, alike))) {
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
  return { phases: searches.length > 0 ? [searches, inTurn] : [inTurn], common, sharedBudgets };
}

/** The budget where none is given. InputError for an objective that needs none: methods are compared at equal budget. */
function usualBudget({ budget, objective }: ResolvedSettings): string {
  if (budget !== undefined) return budget;
  throw new InputError(`methods are compared at equal budget, and the objective ${objective} gives none`, {
    where: '--budget',
    remedy: 'give one, for example `--budget 20bp`',
  });
}

/** The runs of a method for one task and seed: a group for each variant, in it a run for each budget. */
function cellsOfMethod(
  method: ComparedMethod,
  given: MatrixSettings,
  alike: { out: string; task: string; seed: number; budgets: readonly string[]; settings: Settings },
): { job: Cell['job']; cells: Cell[] }[] {
  const { job, label, budgeted, rateKey } = method;
  const { out, task, seed, budgets } = alike;
  // A rate of its own stands for everyone's also where it is left out.
  const { lr, ...unrated } = alike.settings;
  const settingsOfAll = { ...(rateKey === undefined ? alike.settings : unrated), ...method.settings };
  return variants(method, given).map(({ variant, varied }) => ({
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
function commonSettings(given: MatrixSettings): Settings {
  const { task, methods, seeds, budget, out, 'share-search': share, 'fine-tuning-lr': rate, ...others } = given;
  const { order, gradient, tau, beta, 'alpha-lr': alphaRate, ...rest } = others;
  const firsts = variedKeys.filter(key => given[key] !== undefined).map(key => [key, given[key]![0]]);
  return { ...rest, ...(Object.fromEntries(firsts) as Settings) };
}

interface Variant {
  /** What a folder calls it. */
  readonly variant: string;
  readonly varied: Settings;
}

const notVaried: Variant = { variant: '', varied: {} };

/** Of a search, every combination of the values that are given for the varied settings; of a method, its own rate. */
function variants({ job, rateKey }: ComparedMethod, given: MatrixSettings): Variant[] {
  if (job === 'search') return searchVariants(given);
  const rate = rateKey && given[rateKey];
  return [rate === undefined ? notVaried : { variant: `lr ${rate}`, varied: { lr: rate } }];
}

function searchVariants(given: MatrixSettings): Variant[] {
  let combinations = [notVaried];
  for (const key of variedKeys) {
    const values = given[key];
    if (values === undefined) continue;
    combinations = combinations.flatMap(({ variant, varied }) =>
      values.map(value => ({ variant: `${variant} ${key} ${value}`.trim(), varied: { ...varied, [key]: value } })),
    );
  }
  return combinations;
}
