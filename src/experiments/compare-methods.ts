import { mkdir } from 'node:fs/promises';
import type { Catalogue, WithCatalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import type { ExperimentSettings } from '../config/experiment-settings.ts';
import type { Tell } from '../jobs/loaders.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { type Cell, cellKind } from './cell.ts';
import { checkCell, checkExperimentFolder, checkRunFolders, writeExperimentFile } from './check-experiment.ts';
import { writeComparison } from './comparison-files.ts';
import { type Comparison, comparisonOf, overheadOf } from './comparison-job.ts';
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
  return runPlan({ plugins: given.plugins, loaders, plan }, options);
}

/** What is to be done, and by whom. */
export interface Work {
  /** Files of plugins. */
  readonly plugins: readonly string[] | undefined;
  plan(tell: Tell, catalogue: Catalogue): Promise<ExperimentCells>;
  /** What the plan is checked with; without executors, the runs are done with them too, in this process. */
  readonly loaders: SharedLoaders;
  executors?(): readonly Executor[];
}

/** Checks a plan, does it, sums it up and writes what it has found. Throws as `compare`. */
export function runPlan(
  work: Work,
  { out, signal, catalogue }: CompareOptions,
): AsyncGenerator<ExperimentEvent, Comparison> {
  return eventsOf(
    (emit, stop) => asInterrupted(stop, () => doPlan(work, { out, signal: stop, catalogue }, emit)),
    signal,
  );
}

async function doPlan(
  { plugins, plan: makePlan, loaders, executors }: Work,
  { out, signal, catalogue: known }: CompareOptions & { readonly signal: AbortSignal },
  emit: (event: ExperimentEvent) => void,
): Promise<Comparison> {
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
  const comparison = { ...comparisonOf(plan, outcome, cells), ...(overhead && { overhead }) };
  await writeComparison(out, comparison);
  return comparison;
}

/** Cells that differ in more than their seed: what is wrong with one is wrong with the others. */
function oneOfAKind(cells: readonly Cell[]): Cell[] {
  return [...Map.groupBy(cells, cellKind).values()].map(([first]) => first!);
}
