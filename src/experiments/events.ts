import type { JobEvent } from '../jobs/job-events.ts';
import type { RunResult } from '../runs/result.ts';
import type { Cell } from './cell.ts';

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
