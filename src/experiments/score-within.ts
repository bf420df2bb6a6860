import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ExperimentSettings } from '../config/experiment-settings.ts';
import { compileSettings } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { count } from '../core/format.ts';
import type { Loaders } from '../jobs/job-events.ts';
import { readRunSettings } from '../jobs/report-job.ts';
import type { Model } from '../models/model.ts';
import type { TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import { smallestVerdict } from '../report/verdict/smallest-verdict.ts';
import type { Margin } from '../report/verdict/within-margin.ts';
import { experimentFile, runFolder } from '../runs/run-folder.ts';
import { parseBudget } from '../structure/budget.ts';
import { plainRival } from '../structure/built-in-methods.ts';
import { modulesOfMethod } from '../structure/method.ts';
import { defaultSpace, listSpace } from '../structure/spaces.ts';
import { type Comparison, type ExperimentDone, foundStructures } from './comparison-job.ts';
import { executorFlags } from './executors/executors.ts';
import type { HowSmall } from './list-cells.ts';
import { comparedMethod, defaultSearch } from './methods.ts';

/** Budgets that are tried where nothing is said. */
const ladder = ['0.005%', '0.01%', '0.02%', '0.05%', '0.1%', '0.2%', '0.5%'];

/**
 * The comparison that answers how small a structure can be, where that is asked: one search whose order of the modules
 * serves every budget, a training of what it keeps at each, and one of the method that they are held against.
 * @throws InputError for a margin that cannot be read, a method that has no size of its own, and a budget that is no
 * smaller than it
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
  if (given.model === undefined) return { settings, asked };
  const device = await loaders.device(given.device);
  const { threads, prepack, recompute, precision } = given;
  const compile = compileSettings({ device, threads, prepack, recompute, precision });
  const model = await loaders.model(given.model, { ...compile, families: catalogue.families });
  const size = sizeOf(model, rival.settings, catalogue);
  if (given.budget !== undefined) {
    checkSmaller(given.budget, model, size, rival.label);
    return { settings, asked };
  }
  const budget = usualBudgets(model, given.space ?? defaultSpace, size, catalogue);
  return { settings: { ...settings, budget }, asked };
}

/** Parameters of what is held against; all there are where a structure file says them. */
function sizeOf({ sites, parameters }: Model, { method }: Settings, catalogue: Catalogue): number {
  if (method === undefined) return parameters;
  const modules = modulesOfMethod(method, sites, catalogue.methods, catalogue.deltas);
  return modules.reduce((sum, module) => sum + module.parameters, 0);
}

/** @throws InputError for a budget that answers nothing: its structure may be as large as what is held against */
function checkSmaller(budgets: readonly string[], { parameters }: Model, size: number, rival: string): void {
  const large = budgets.filter(budget => parseBudget(budget, parameters) >= size);
  if (large.length === 0) return;
  const [first] = large as [string];
  throw new InputError(
    `a budget of ${first}, ${count(parseBudget(first, parameters))} parameters, is no smaller than ${rival}, which ` +
      `has ${count(size)}: what is asked is how much smaller it can be`,
    {
      code: 'unknown-value',
      where: '--budget',
      remedy:
        large.length < budgets.length
          ? `leave out ${large.join(', ')}`
          : 'give smaller ones, or leave --budget out: those that are usual are tried',
    },
  );
}

/** Those of the ladder that hold a module and are smaller than what is held against. */
function usualBudgets({ sites, parameters }: Model, space: string, size: number, catalogue: Catalogue): string[] {
  const cheapest = Math.min(...listSpace(sites, space, catalogue).map(module => module.parameters));
  const fitting = ladder.filter(budget => {
    const amount = parseBudget(budget, parameters);
    return amount >= cheapest && amount < size;
  });
  return fitting.length > 0 ? fitting : [String(cheapest)];
}

/** A verdict for each task. Reads what was found. */
export async function smallestVerdicts(
  comparison: Comparison,
  { plan, cells, out, executor }: ExperimentDone,
  { within, against, row }: HowSmall,
): Promise<TaskVerdict[]> {
  const { rows, runs } = comparison;
  const searches = await foundStructures(comparison);
  const tasks = Object.fromEntries(cells.map(({ task, settings }) => [task, settings.task ?? task]));
  // That one search serves all budgets is part of what is asked.
  const { 'share-search': _, ...again } = plan.again;
  const given = { tasks: Object.values(tasks), again, executor: executorFlags(executor) };
  return Object.entries(tasks).flatMap(([task, named]) => {
    const own = rows.filter(each => each.task === task);
    const found = runs.filter(each => each.task === task && each.isFound && each.result.score !== undefined);
    const structureAt = (budget: string) => {
      const run = found.find(each => each.budget === budget);
      return run === undefined ? '' : runFolder(run.folder).structure;
    };
    const settings = found[0] === undefined ? {} : readRunSettings(runFolder(found[0].folder));
    return (
      smallestVerdict({
        ...{ rows: own, runs, searches, settings, structureAt },
        ...{ within, margin: parseMargin(within), against, reference: row },
        ...{ task: named, given, out, config: experimentFile(out) },
      }) ?? []
    );
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
