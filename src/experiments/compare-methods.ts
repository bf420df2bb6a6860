import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { builtIn, type Catalogue, type WithCatalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { type ExperimentSettings, experimentSchemaFor } from '../config/experiment-settings.ts';
import { parseKeys } from '../config/parse-settings.ts';
import { InputError } from '../core/errors.ts';
import type { JobEvent, Tell } from '../jobs/job-events.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import type { RunResult } from '../runs/result.ts';
import { cellKind } from './cell.ts';
import {
  checkCell,
  checkExperimentFolder,
  checkRunFolders,
  checkSearches,
  writeExperimentFile,
} from './check-experiment.ts';
import {
  type Comparison,
  comparisonOf,
  type ExperimentDone,
  overheadOf,
  verdictsOn,
  writeComparison,
} from './comparison-job.ts';
import { type CellCost, costInWords } from './cost.ts';
import type { Executor } from './executors/executor.ts';
import { chosenExecutor, type ExecutorSettings } from './executors/executors.ts';
import { here } from './executors/here.ts';
import { writeCellList } from './experiment-standing.ts';
import { type ExperimentCells, listCells, tellManySeeds } from './list-cells.ts';
import { type ExperimentEvent, type ExperimentOutcome, eventsOf, runExperiment, stillToDo } from './run-cells.ts';
import { smallestVerdicts, withinComparison } from './score-within.ts';
import { type SharedLoaders, sharedLoaders } from './shared-loaders.ts';

/** Where the runs of a comparison go, and what can stop it. */
export interface CompareOptions extends WithCatalogue {
  /** Folder of all runs, relative to the working directory. */
  readonly out: string;
  /** Who does the runs (default: this process). */
  readonly executor?: ExecutorSettings | undefined;
  /** Aborting saves the state of the run at work and ends with an InterruptedError; the same call goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Compares methods: tasks × seeds × methods × budgets, each an ordinary run in a folder of its own under `out`. Where
 * nothing else is said they are done in this process, which loads the model and tokenises the data once. A run that is
 * done is not done again. Writes the tables and pictures, and returns what is in them.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted
 */
export function compare(
  given: ExperimentSettings,
  options: CompareOptions,
): AsyncGenerator<ExperimentEvent, Comparison> {
  return runPlan(comparisonWork(given, options), options);
}

/** What a comparison does. */
export function comparisonWork(given: ExperimentSettings, { out, executor }: CompareOptions): Work<Comparison> {
  const loaders = loadersFor(executor);
  const plan = async (tell: Tell, catalogue: Catalogue) => {
    const { settings, asked } = await withinComparison(withThreads(given, executor), loaders, catalogue);
    tellManySeeds(settings, tell);
    const cells = await listCells(settings, out, loaders, tell, catalogue);
    return asked === undefined ? cells : { ...cells, asked };
  };
  return { plugins: given.plugins, loaders, plan, conclude: concludeComparison };
}

/** What is to be done. */
export interface Work<Result> {
  /** Files of plugins. */
  readonly plugins: readonly string[] | undefined;
  plan(tell: Tell, catalogue: Catalogue): Promise<ExperimentCells>;
  /** What the plan is checked with, and what does the runs that this process does. */
  readonly loaders: SharedLoaders;
  /** Sums up what was done, and writes it into the folder. */
  conclude(done: ExperimentDone): Promise<Result>;
}

/**
 * Loaders of an experiment. Where a queue's machines compute, this one's devices say nothing: what is named is taken
 * at its word, and fails there if it is not there.
 */
export function loadersFor(executor: ExecutorSettings | undefined): SharedLoaders {
  const shared = sharedLoaders();
  return {
    ...shared,
    async device(asked = 'cpu', tell) {
      const { kind } = chosenExecutor(executor);
      if (kind.queue === undefined) return shared.device(asked, tell);
      if (asked !== 'auto') return asked;
      throw new InputError(`which device is fastest where ${kind.name} runs them cannot be measured here`, {
        code: 'unknown-value',
        where: '--device',
        remedy: 'name one that all of these machines have: --device cpu, or --device cuda',
      });
    },
  };
}

/** The settings of every run, with the threads that its executor has for each. */
export function withThreads<Keys extends { readonly threads?: number | undefined }>(
  given: Keys,
  executor: ExecutorSettings | undefined,
): Keys {
  const { kind, options } = chosenExecutor(executor);
  const threads = given.threads ?? kind.threads?.(options);
  return threads === undefined ? given : { ...given, threads };
}

/** Checks a plan, does it, sums it up and writes what it has found. Throws as `compare`. */
export function runPlan<Result>(work: Work<Result>, options: CompareOptions): AsyncGenerator<ExperimentEvent, Result> {
  return eventsOf(
    (emit, signal) => asInterrupted(signal, () => doPlan(work, { ...options, signal }, emit)),
    options.signal,
  );
}

/** Checks a plan and says what would be done. Touches no file and no queue. Throws as `compare`. */
export async function rehearsePlan(
  work: Work<unknown>,
  { signal = new AbortController().signal, ...options }: CompareOptions,
  tell: Tell,
): Promise<readonly string[]> {
  const warn: Tell = text => tell(`warning: ${text}`);
  const { plan, executor } = await checkPlan(work, { ...options, signal }, { tell, warn });
  try {
    const phases = await Promise.all(plan.phases.map(async cells => executor.rehearse(await stillToDo(cells))));
    return phases.flat();
  } finally {
    await executor.close();
  }
}

type StoppableOptions = CompareOptions & { readonly signal: AbortSignal };

/** A plan, and who is to do it. Touches no file. */
async function checkPlan(
  { plugins, plan: makePlan, loaders }: Work<unknown>,
  { out, signal, catalogue: known, executor }: StoppableOptions,
  { tell, warn }: { readonly tell: Tell; readonly warn: Tell },
): Promise<{ plan: ExperimentCells; executor: Executor }> {
  const { kind, options } = chosenExecutor(executor);
  const catalogue = openPlugins(plugins, known);
  const plan = await makePlan(tell, catalogue);
  const cells = plan.phases.flat();
  checkExperimentFolder(out, plan.common, catalogue);
  checkRunFolders(cells);
  checkSearches(cells);
  const costs = new Map<string, CellCost>();
  const warned = new Set<string>();
  // Kinds of runs on the same data have the same to say of them.
  const onEvent = (event: JobEvent) => {
    if (event.type !== 'warning' || warned.has(event.text)) return;
    warned.add(event.text);
    warn(event.text);
  };
  for (const [kind, [cell]] of Map.groupBy(cells, cellKind)) {
    // Cells that differ in nothing but their seed: what is wrong with one is wrong with the others.
    costs.set(kind, await checkCell(cell!, { loaders, signal, catalogue: known, onEvent }));
  }
  const done: RunResult[] = [];
  const cost = costInWords(await stillToDo(cells, (_, result) => done.push(result)), done, costs);
  if (cost !== undefined) tell(cost);
  return { plan, executor: await kind.open(options, { out, cells, loaders, catalogue: known, tell }) };
}

async function doPlan<Result>(
  work: Work<Result>,
  options: StoppableOptions,
  emit: (event: ExperimentEvent) => void,
): Promise<Result> {
  const started = performance.now();
  const { out, signal } = options;
  const { plan, executor } = await checkPlan(work, options, {
    tell: text => emit({ type: 'message', text }),
    warn: text => emit({ type: 'warning', text }),
  });
  let outcome: ExperimentOutcome;
  try {
    await mkdir(out, { recursive: true });
    await writeExperimentFile(out, plan.common);
    await writeCellList(out, chosenExecutor(options.executor).kind.name, plan.phases.flat());
    outcome = await runExperiment(plan.phases, executor, emit, signal);
  } finally {
    await executor.close();
  }
  const overhead = overheadOf(outcome, (performance.now() - started) / 1000, work.loaders.startSeconds());
  const { executor: settings = {} } = options;
  return work.conclude({
    ...{ plan, cells: plan.phases.flat(), outcome, out, executor: settings },
    ...(overhead && { overhead }),
  });
}

/** Sums up a comparison, with a verdict on what was found, and writes its files. */
async function concludeComparison(done: ExperimentDone): Promise<Comparison> {
  const comparison = comparisonOf(done);
  const { asked } = done.plan;
  const verdicts = await (asked ? smallestVerdicts(comparison, done, asked) : verdictsOn(comparison, done));
  const whole = { ...comparison, ...(verdicts.length > 0 && { verdicts }) };
  await writeComparison(done.out, whole);
  return whole;
}

/** Settings of a sweep: those of a comparison, and how many of its runs are done at a time. */
export type SweepSettings = ExperimentSettings & { readonly processes?: number | undefined };

/**
 * Checks the keys of a sweep.
 * @throws InputError as `parseExperimentSettings`
 */
export function parseSweepSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): SweepSettings {
  const { processes } = here.options.shape;
  return parseKeys(z.strictObject({ ...experimentSchemaFor(catalogue).shape, processes }), values, where);
}

/**
 * The same runs as `compare`, spread over child processes: `processes` of them, the threads divided among them
 * unless `threads` says how many each has. A run that fails, or whose process dies, does not stop the others.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted: every child saves its run; the same call goes on
 */
export function sweep(
  { processes, ...given }: SweepSettings,
  options: CompareOptions,
): AsyncGenerator<ExperimentEvent, Comparison> {
  return compare(given, {
    ...options,
    executor: sweepExecutor({ ...options.executor, ...(processes && { processes }) }),
  });
}

/** Who does the runs of a sweep: where no executor is named, child processes. */
export function sweepExecutor(given: ExecutorSettings): ExecutorSettings {
  if ((given.executor ?? here.name) !== here.name) return given;
  return { processes: Math.max(1, Math.floor(availableParallelism() / 2)), ...given };
}
