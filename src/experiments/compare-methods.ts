import { mkdir } from 'node:fs/promises';
import type { Catalogue, WithCatalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import type { ExperimentSettings } from '../config/experiment-settings.ts';
import type { Tell } from '../jobs/loaders.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { type Cell, cellKind } from './cell.ts';
import { checkCell, checkExperimentFolder, checkRunFolders, writeExperimentFile } from './check-experiment.ts';
import { writeComparison } from './comparison-files.ts';
import { type Comparison, comparisonOf, type ExperimentDone, overheadOf } from './comparison-job.ts';
import { verdictsOn } from './comparison-verdicts.ts';
import { type ExperimentEvent, eventsOf } from './events.ts';
import { inProcess } from './executors/executor.ts';
import { type ExperimentCells, listCells } from './list-cells.ts';
import { type Executor, runExperiment } from './run-cells.ts';
import { type SharedLoaders, sharedLoaders } from './shared-loaders.ts';

/** Where the runs of a comparison go, and what can stop it. */
export interface CompareOptions extends WithCatalogue {
  /** Folder of all runs, relative to the working directory. */
  readonly out: string;
  /** Aborting saves the state of the run at work and ends with an InterruptedError; the same call goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Compares methods: tasks × seeds × methods × budgets, each an ordinary run in a folder of its own under `out`, in this
 * process, which loads the model and tokenises the data once. A run that is done is not done again. Writes the tables
 * and pictures, and returns what is in them.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted
 */
export function compare(
  given: ExperimentSettings,
  options: CompareOptions,
): AsyncGenerator<ExperimentEvent, Comparison> {
  const loaders = sharedLoaders();
  const plan = (tell: Tell, catalogue: Catalogue) => listCells(given, options.out, loaders, tell, catalogue);
  return runPlan({ plugins: given.plugins, loaders, plan, conclude: concludeComparison }, options);
}

/** What is to be done, by whom, and what is made of it. */
export interface Work<Result> {
  /** Files of plugins. */
  readonly plugins: readonly string[] | undefined;
  plan(tell: Tell, catalogue: Catalogue): Promise<ExperimentCells>;
  /** What the plan is checked with; without executors, the runs are done with them too, in this process. */
  readonly loaders: SharedLoaders;
  executors?(): readonly Executor[];
  /** Sums up what was done, and writes it into the folder. */
  conclude(done: ExperimentDone): Promise<Result>;
}

/** Checks a plan, does it, sums it up and writes what it has found. Throws as `compare`. */
export function runPlan<Result>(
  work: Work<Result>,
  { out, signal, catalogue }: CompareOptions,
): AsyncGenerator<ExperimentEvent, Result> {
  return eventsOf(
    (emit, stop) => asInterrupted(stop, () => doPlan(work, { out, signal: stop, catalogue }, emit)),
    signal,
  );
}

async function doPlan<Result>(
  { plugins, plan: makePlan, loaders, executors, conclude }: Work<Result>,
  { out, signal, catalogue: known }: CompareOptions & { readonly signal: AbortSignal },
  emit: (event: ExperimentEvent) => void,
): Promise<Result> {
  const started = performance.now();
  const catalogue = openPlugins(plugins, known);
  const plan = await makePlan(text => emit({ type: 'message', text }), catalogue);
  const cells = plan.phases.flat();
  checkExperimentFolder(out, plan.common, catalogue);
  checkRunFolders(cells);
  for (const cell of oneOfAKind(cells)) await checkCell(cell, { loaders, signal, catalogue: known });
  await mkdir(out, { recursive: true });
  await writeExperimentFile(out, plan.common);
  const outcome = await runExperiment(plan.phases, executors?.() ?? [inProcess(loaders, known)], emit, signal);
  const seconds = (performance.now() - started) / 1000;
  const overhead = executors === undefined ? overheadOf(outcome, seconds, loaders.startSeconds()) : undefined;
  return conclude({ plan, cells, outcome, out, ...(overhead && { overhead }) });
}

/** Sums up a comparison, with a verdict on what was found, and writes its files. */
export async function concludeComparison(done: ExperimentDone): Promise<Comparison> {
  const comparison = comparisonOf(done);
  const verdicts = await verdictsOn(comparison, done);
  const whole = { ...comparison, ...(verdicts.length > 0 && { verdicts }) };
  await writeComparison(done.out, whole);
  return whole;
}

/** Cells that differ in more than their seed: what is wrong with one is wrong with the others. */
function oneOfAKind(cells: readonly Cell[]): Cell[] {
  return [...Map.groupBy(cells, cellKind).values()].map(([first]) => first!);
}
