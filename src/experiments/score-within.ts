import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ExperimentSettings } from '../config/experiment-settings.ts';
import { compileSettings } from '../config/job-config.ts';
import { InputError } from '../core/errors.ts';
import { count } from '../core/format.ts';
import type { Loaders, Tell } from '../jobs/job-events.ts';
import { prepare } from '../jobs/prepare.ts';
import { listTrials } from '../jobs/trials.ts';
import { resolveSearch, searchProblem } from '../library/search-structure.ts';
import type { Model } from '../models/model.ts';
import type { TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import { type Margin, smallestVerdict } from '../report/verdict/smallest-verdict.ts';
import { runFolder } from '../runs/run-folder.ts';
import { parseBudget } from '../structure/budget.ts';
import { plainRival } from '../structure/built-in-methods.ts';
import { modulesOfMethod } from '../structure/method.ts';
import { defaultSpace, listSpace } from '../structure/spaces.ts';
import { countEvaluations, tuneCost } from '../training/stage.ts';
import { cellKind, experimentFile } from './cell.ts';
import type { Comparison, ExperimentDone } from './comparison-job.ts';
import type { ExperimentCells, HowSmall } from './list-cells.ts';
import { comparedMethod, defaultSearch } from './methods.ts';

/** Budgets that are tried where nothing is said. */
const ladder = ['0.005%', '0.01%', '0.02%', '0.05%', '0.1%', '0.2%', '0.5%'];

/**
 * The comparison that answers how small a structure can be, where that is asked: one search whose order of the modules
 * serves every budget, a training of what it keeps at each, and one of the method that they are held against.
 * @throws InputError for a margin that cannot be read, and a method that has no size of its own
 */
export async function withinComparison(
  given: ExperimentSettings,
  loaders: Loaders,
  catalogue: Catalogue,
): Promise<{ readonly settings: ExperimentSettings; readonly asked?: HowSmall }> {
  const { 'score-within': within, against = plainRival, methods = [defaultSearch] } = given;
  if (within === undefined) return { settings: given };
  parseMargin(within);
  const rival = comparedMethod(against, catalogue);
  if (rival.job === 'search' || rival.budgeted) {
    throw new InputError(`\`${against}\` spends the budget it is given: it has no size to be smaller than`, {
      code: 'unknown-value',
      where: '--against',
      remedy: 'name a method with a size of its own, for example `--against lora` or `--against fine-tuning`',
    });
  }
  if (methods.every(name => comparedMethod(name, catalogue).job !== 'search')) {
    throw new InputError('no method searches a structure, and what is asked is how small a found one can be', {
      code: 'unknown-value',
      where: '--methods',
      remedy: `add \`${defaultSearch}\`, or leave --methods out`,
    });
  }
  const asked = { within, against, row: rival.name };
  const settings = { ...given, methods: [...new Set([...methods, against])], 'share-search': true };
  if (given.budget !== undefined || given.model === undefined) return { settings, asked };
  const device = await loaders.device(given.device);
  const { threads, prepack, recompute, precision } = given;
  const compile = compileSettings({ device, threads, prepack, recompute, precision });
  const model = await loaders.model(given.model, { ...compile, families: catalogue.families });
  const budget = usualBudgets(model, given.space ?? defaultSpace, rival.settings.method, catalogue);
  return { settings: { ...settings, budget }, asked };
}

/** Those of the ladder that hold a module and are smaller than what is held against. */
function usualBudgets(model: Model, space: string, method: string | undefined, catalogue: Catalogue): string[] {
  const { sites, parameters } = model;
  const cheapest = Math.min(...listSpace(sites, space, catalogue).map(module => module.parameters));
  const modules = method === undefined ? [] : modulesOfMethod(method, sites, catalogue.methods, catalogue.deltas);
  const size = method === undefined ? parameters : modules.reduce((sum, module) => sum + module.parameters, 0);
  const fitting = ladder.filter(budget => {
    const amount = parseBudget(budget, parameters);
    return amount >= cheapest && amount < size;
  });
  return fitting.length > 0 ? fitting : [String(cheapest)];
}

/** Says what the plan will compute, before any of it. */
export async function tellCost(
  { phases }: ExperimentCells,
  loaders: Loaders,
  tell: Tell,
  catalogue: Catalogue,
): Promise<void> {
  let [losses, searches] = [0, 0];
  const cells = phases.flat();
  for (const group of Map.groupBy(cells, cellKind).values()) {
    const [first] = group;
    const { structure: _, ...settings } = first!.settings;
    const { model, data, config, tuning } = await prepare(settings, { loaders, catalogue });
    if (first!.job === 'search') {
      const search = resolveSearch(model, config, catalogue);
      losses +=
        group.length * countEvaluations(search.strategy.cost(searchProblem(search, data.train), search.options));
      searches += group.length;
    } else {
      const trials = settings.method === undefined ? 1 : (await listTrials(model, data, config, catalogue)).length;
      losses += group.length * trials * countEvaluations(tuneCost([], data.train, tuning));
    }
  }
  const trainings = cells.length - searches;
  tell(
    `${searches} search${searches === 1 ? '' : 'es'} and ${trainings} trainings, ${count(losses)} losses with ` +
      'gradients in all; the first runs tell how long they take',
  );
}

/** A verdict for each task. */
export function smallestVerdicts(
  { rows, runs }: Comparison,
  { cells, out }: ExperimentDone,
  { within, against, row }: HowSmall,
): TaskVerdict[] {
  const tasks = Object.fromEntries(cells.map(({ task, settings }) => [task, settings.task ?? task]));
  return Object.entries(tasks).flatMap(([task, given]) => {
    const structureAt = (budget: string) => {
      const run = runs.find(each => each.task === task && each.isFound && each.budget === budget);
      return run === undefined ? '' : runFolder(run.folder).structure;
    };
    const facts = { within, margin: parseMargin(within), against, reference: row, task: given, out };
    const own = rows.filter(each => each.task === task);
    return smallestVerdict({ ...facts, rows: own, config: experimentFile(out), structureAt }) ?? [];
  });
}

/**
 * `1%`, a share of the score that is held against, or `0.5`, points.
 * @throws InputError for what is neither
 */
export function parseMargin(text: string): Margin {
  const [, number, percent] = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text) ?? [];
  const value = Number(number);
  if (number !== undefined && value < 100) {
    return percent === '%' ? { value: value / 100, of: 'share' } : { value, of: 'points' };
  }
  throw new InputError(`\`${text}\` is no margin`, {
    code: 'unknown-value',
    where: '--score-within',
    remedy: 'give a share of the score, `1%`, or points, `0.5`',
  });
}
