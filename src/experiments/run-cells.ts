import { InterruptedError } from '../core/errors.ts';
import type { RunResult } from '../runs/result.ts';
import { type Cell, cellResult } from './cell.ts';
import type { ExperimentEvent, ExperimentProgress } from './events.ts';
import type { CellState, Executor } from './executors/executor.ts';

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

  for (const [index, cells] of phases.entries()) {
    const kept: FinishedCell[] = [];
    const open = await stillToDo(cells, (cell, result) => kept.push({ cell, result }));
    finished.push(...kept);
    if (index === 0) emit({ type: 'experiment-begins', oneByOne: executor.oneByOne, progress: progress() });
    for (const { cell, result } of kept) emit({ type: 'run-kept', cell, result });
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
