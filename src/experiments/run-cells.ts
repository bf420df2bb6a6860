import { InterruptedError } from '../core/errors.ts';
import type { JobEvent } from '../jobs/job-events.ts';
import type { RunResult } from '../runs/result.ts';
import { type Cell, cellResult } from './cell.ts';
import type { CellState, Executor } from './executors/executor.ts';

/** How far an experiment is. */
export interface ExperimentProgress {
  /** Runs to do in all, those done before included. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
}

/** What an experiment tells while it runs. */
export type ExperimentEvent =
  | { readonly type: 'message'; readonly text: string }
  /** What to know of the data, before the first run on them; the runs tell it again. */
  | { readonly type: 'warning'; readonly text: string }
  | {
      readonly type: 'experiment-begins';
      /** Whether runs follow each other, so that what each tells can be shown whole. */
      readonly oneByOne: boolean;
      readonly progress: ExperimentProgress;
    }
  /** A run that was done before, maybe by a queue while nobody waited: it is not done again. */
  | { readonly type: 'run-kept'; readonly cell: Cell; readonly result: RunResult }
  | { readonly type: 'run-begins'; readonly cell: Cell; readonly progress: ExperimentProgress }
  | { readonly type: 'run'; readonly cell: Cell; readonly event: JobEvent }
  | {
      readonly type: 'run-done';
      readonly cell: Cell;
      readonly result: RunResult;
      readonly progress: ExperimentProgress;
    }
  | {
      readonly type: 'run-failed';
      readonly cell: Cell;
      readonly message: string;
      readonly progress: ExperimentProgress;
    };

/**
 * Turns work that reports by calling back into an iterator of what it reports, which returns what the work does.
 * Leaving the iterator early aborts the work.
 */
export async function* eventsOf<Event, Result>(
  work: (emit: (event: Event) => void, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Event, Result> {
  const left = new AbortController();
  const queue: Event[] = [];
  let wake = () => {};
  const emit = (event: Event) => {
    queue.push(event);
    wake();
  };
  let finished = false;
  const result = work(emit, AbortSignal.any([left.signal, ...(signal ? [signal] : [])])).finally(() => {
    finished = true;
    wake();
  });
  // Whoever leaves early does not wait for the result.
  result.catch(() => {});
  try {
    while (!finished || queue.length > 0) {
      if (queue.length > 0) yield queue.shift()!;
      else {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    }
    return await result;
  } finally {
    left.abort();
    await result.catch(() => {});
  }
}

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
 * Has every run done that is not done yet, phase after phase. A run that fails does not stop the others.
 * @throws InterruptedError where the signal has aborted; what the runs have saved is kept
 */
export async function runExperiment(
  phases: readonly (readonly Cell[])[],
  executor: Executor,
  emit: (event: ExperimentEvent) => void,
  signal: AbortSignal,
): Promise<ExperimentOutcome> {
  const total = phases.reduce((sum, cells) => sum + cells.length, 0);
  const finished: FinishedCell[] = [];
  const failed: FailedCell[] = [];
  const running = new Set<Cell>();
  let interruption: string | undefined;
  const progress = (): ExperimentProgress => {
    return { total, done: finished.length, failed: failed.length, running: running.size };
  };

  function tell(cell: Cell, news: CellState): void {
    if (news.state === 'running') {
      const begins = !running.has(cell);
      running.add(cell);
      if (begins) emit({ type: 'run-begins', cell, progress: progress() });
      if (news.event !== undefined) emit({ type: 'run', cell, event: news.event });
      return;
    }
    running.delete(cell);
    if (news.state === 'done') {
      const { result, seconds } = news;
      finished.push({ cell, result, ...(seconds !== undefined && { seconds }) });
      emit({ type: 'run-done', cell, result, progress: progress() });
    } else if (news.state === 'failed') {
      const { message } = news;
      failed.push({ cell, message });
      emit({ type: 'run-failed', cell, message, progress: progress() });
    } else if (news.state === 'interrupted') {
      interruption = news.message;
    }
  }

  // Of all phases: how much is left is told before the first of it.
  const left: Cell[][] = [];
  for (const cells of phases) left.push(await stillToDo(cells, (cell, result) => finished.push({ cell, result })));
  emit({ type: 'experiment-begins', oneByOne: executor.oneByOne, progress: progress() });
  for (const { cell, result } of [...finished]) emit({ type: 'run-kept', cell, result });
  for (const open of left) {
    const before = finished.length + failed.length;
    if (open.length > 0 && !signal.aborted) await executor.run(open, tell, signal);
    if (finished.length + failed.length < before + open.length) throw new InterruptedError(interruption);
  }
  return { finished, failed };
}

/** The cells without a result. One that cannot be read fails the run that it belongs to, not the others. */
export async function stillToDo(
  cells: readonly Cell[],
  onDone: (cell: Cell, result: RunResult) => void = () => {},
): Promise<Cell[]> {
  const open: Cell[] = [];
  for (const cell of cells) {
    const result = await cellResult(cell).catch(() => undefined);
    if (result === undefined) open.push(cell);
    else onDone(cell, result);
  }
  return open;
}
