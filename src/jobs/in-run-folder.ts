import { rm } from 'node:fs/promises';
import { DivergedError } from '../core/errors.ts';
import { interruption } from '../library/run-to-end.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { whileHolding } from '../runs/run-lock.ts';
import { commandToBeginAnew, outcomeOf, type RunOutcome, type RunPlace, writeOutcome } from '../runs/run-outcome.ts';
import { withMemoryRemedy } from './check-memory.ts';
import type { JobContext, JobEvent } from './job-events.ts';
import { type BegunWith, beginRun } from './open-run.ts';

/**
 * Does a run's work as the only process in its folder. Whatever ends it, the folder then says how (`outcome.json`): who
 * reads it later need not guess. A process that is killed leaves no word, and that is one, too.
 * @param work is told how the run ended before, where it goes on with one
 * @throws whatever the work throws; a DivergedError with the command that begins the run anew
 */
export function inRunFolder<T>(
  folder: RunFolder,
  begun: BegunWith,
  options: JobContext,
  work: (context: JobContext, before: RunOutcome | undefined) => Promise<T>,
): Promise<T> {
  const hold = async () => {
    const before = await beginRun(folder, begun, options);
    let place: RunPlace | undefined;
    const onEvent = (event: JobEvent) => {
      place = placeAfter(event, place);
      options.onEvent?.(event);
    };
    try {
      const result = await work({ ...options, onEvent }, before);
      await writeOutcome(folder, { ended: 'finished' });
      await rm(folder.checkpoint, { recursive: true, force: true });
      return result;
    } catch (thrown) {
      const { 'micro-batch': microBatch, 'batch-size': batchSize } = begun.settings;
      const error = withMemoryRemedy(thrown, microBatch ?? batchSize);
      const { signal } = options;
      const ended = outcomeOf(interruption(signal, error), signal);
      // Where the disk takes no more, that is what is told already.
      await writeOutcome(folder, { ...ended, ...(place && { place }) }).catch(() => {});
      throw error instanceof DivergedError ? withNewBeginning(error, folder) : error;
    }
  };
  return whileHolding(folder, hold, options.signal);
}

function placeAfter(event: JobEvent, before: RunPlace | undefined): RunPlace | undefined {
  if (event.type === 'stage') return { stage: event.stage, step: 0, steps: 0 };
  if (event.type !== 'step' && event.type !== 'evaluation') return before;
  const { stage, step, steps } = event;
  return { stage, step, steps };
}

/** To lower the rate and go on is not possible: a resumed run keeps its settings, and would end as this one. */
function withNewBeginning({ what, code, where, remedy, cause }: DivergedError, folder: RunFolder): DivergedError {
  const anew = `a run keeps its learning rate, so start anew: ${commandToBeginAnew(folder)}`;
  return new DivergedError(what, { code, where, cause, remedy: [remedy, anew].filter(Boolean).join('; ') });
}
