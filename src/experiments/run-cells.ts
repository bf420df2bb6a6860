import { InputError, InterruptedError, StorageError } from '../core/errors.ts';
import type { JobContext } from '../jobs/job-events.ts';
import type { RunResult } from '../runs/result.ts';
import { type Cell, cellResult } from './cell.ts';
import type { ExperimentEvent, ExperimentProgress } from './events.ts';

/** Something that does one run at a time: this process, or a child of it. */
export interface Executor {
  run(cell: Cell, context: Pick<JobContext, 'onEvent' | 'signal'>): Promise<RunResult>;
  close(): Promise<void>;
}

/** A run's failure as another process has told it: its message is all there is to say. */
export class RunError extends Error {}

interface FinishedCell {
  readonly cell: Cell;
  readonly result: RunResult;
  /** Wall-clock seconds of the run in this process; undefined where it was done before. */
  readonly seconds?: number;
}

interface FailedCell {
  readonly cell: Cell;
  readonly message: string;
}

export interface ExperimentOutcome {
  readonly finished: readonly FinishedCell[];
  readonly failed: readonly FailedCell[];
}

/**
 * Does every run that is not done yet, phase after phase, each executor one at a time. A run that fails does not stop
 * the others. Closes the executors.
 * @throws InterruptedError where the signal has aborted; what the runs have saved is kept
 */
export async function runExperiment(
  phases: readonly (readonly Cell[])[],
  executors: readonly Executor[],
  emit: (event: ExperimentEvent) => void,
  signal?: AbortSignal,
): Promise<ExperimentOutcome> {
  const total = phases.reduce((sum, cells) => sum + cells.length, 0);
  const finished: FinishedCell[] = [];
  const failed: FailedCell[] = [];
  let running = 0;
  const progress = (): ExperimentProgress => ({ total, done: finished.length, failed: failed.length, running });

  async function work(executor: Executor, queue: Cell[]): Promise<void> {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      if (signal?.aborted) throw new InterruptedError();
      const current = cell;
      running += 1;
      emit({ type: 'run-begins', cell, progress: progress() });
      const started = performance.now();
      const onEvent: JobContext['onEvent'] = event => emit({ type: 'run', cell: current, event });
      try {
        const result = await executor.run(cell, { onEvent, ...(signal && { signal }) });
        running -= 1;
        finished.push({ cell, result, seconds: (performance.now() - started) / 1000 });
        emit({ type: 'run-done', cell, result, progress: progress() });
      } catch (error) {
        running -= 1;
        if (error instanceof InterruptedError) throw error;
        const message = describeError(error);
        failed.push({ cell, message });
        emit({ type: 'run-failed', cell, message, progress: progress() });
      }
    }
  }

  try {
    for (const [index, cells] of phases.entries()) {
      const queue: Cell[] = [];
      for (const cell of cells) {
        // A result that cannot be read fails the run that it belongs to, not the others.
        const result = await cellResult(cell).catch(() => undefined);
        if (result === undefined) queue.push(cell);
        else finished.push({ cell, result });
      }
      if (index === 0) emit({ type: 'experiment-begins', progress: progress() });
      const ends = await Promise.allSettled(executors.map(executor => work(executor, queue)));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    }
  } finally {
    await Promise.all(executors.map(executor => executor.close()));
  }
  return { finished, failed };
}

/** A mistake of the user's, and a machine's refusal, with its remedy; of anything else, where it happened. */
export function describeError(error: unknown): string {
  if (error instanceof InputError || error instanceof StorageError)
    return [error.message, error.remedy].filter(Boolean).join(' → ');
  if (error instanceof RunError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
