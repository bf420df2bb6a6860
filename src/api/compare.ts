import { mkdir } from 'node:fs/promises';
import type { MatrixSettings } from '../config/matrix-settings.ts';
import { asInterrupted } from './interrupted.ts';
import { type Cell, cellKind } from './matrix/cell.ts';
import { checkCell, checkMatrixFolder, writeMatrixFile } from './matrix/check.ts';
import { type Comparison, comparisonOf, overheadOf } from './matrix/comparison.ts';
import { writeComparison } from './matrix/comparison-files.ts';
import { eventsOf, type MatrixEvent } from './matrix/events.ts';
import { inProcess } from './matrix/executor.ts';
import { type MatrixPlan, planMatrix } from './matrix/plan.ts';
import { type Executor, runMatrix } from './matrix/run-matrix.ts';
import { type SharedLoaders, sharedLoaders } from './matrix/shared-loaders.ts';

export interface CompareOptions {
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
export function compare(given: MatrixSettings, options: CompareOptions): AsyncGenerator<MatrixEvent, Comparison> {
  const loaders = sharedLoaders();
  return runPlan(
    options,
    loaders,
    () => planMatrix(given, options.out, loaders),
    () => [inProcess(loaders)],
  );
}

/** Checks a plan, does it and sums it up. `overhead` is told where one process does all of it. */
export function runPlan(
  { out, signal }: CompareOptions,
  loaders: SharedLoaders,
  makePlan: () => Promise<MatrixPlan>,
  makeExecutors: () => readonly Executor[],
): AsyncGenerator<MatrixEvent, Comparison> {
  const started = performance.now();
  return eventsOf(
    (emit, stop) =>
      asInterrupted(stop, async () => {
        const plan = await makePlan();
        const cells = plan.phases.flat();
        checkMatrixFolder(out, plan.common);
        for (const cell of oneOfAKind(cells)) await checkCell(cell, { loaders, signal: stop });
        await mkdir(out, { recursive: true });
        await writeMatrixFile(out, plan.common);
        const executors = makeExecutors();
        const outcome = await runMatrix(plan.phases, executors, emit, stop);
        const comparison = comparisonOf(plan, outcome, cells);
        const seconds = (performance.now() - started) / 1000;
        const overhead = executors.length === 1 ? overheadOf(outcome, seconds, loaders.startSeconds()) : undefined;
        const whole = { ...comparison, ...(overhead && { overhead }) };
        await writeComparison(out, whole);
        return whole;
      }),
    signal,
  );
}

/** Cells that differ in more than their seed: what is wrong with one is wrong with the others. */
function oneOfAKind(cells: readonly Cell[]): Cell[] {
  return [...Map.groupBy(cells, cellKind).values()].map(([first]) => first!);
}
