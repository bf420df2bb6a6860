import { shellWord } from '../core/format.ts';
import { isThere } from '../files/regular-file.ts';
import type { JobEvent } from '../jobs/job-events.ts';
import { runFolder } from '../runs/run-folder.ts';
import { notesOf, sendNews } from './tracked-run.ts';
import type { Tracker } from './tracker.ts';

/** How long the end of a run waits for trackers, in all. */
const PATIENCE_MS = 10_000;

/** Tells trackers of one run. */
export interface Follower {
  /** To be told what the job tells; returns at once. */
  onEvent(event: JobEvent): void;
  /** Sends what is left, when the job has ended. It never throws: what could not be sent is told, with the way out. */
  finish(): Promise<void>;
}

/**
 * Follows a run: after each validation its folder's news go to each tracker, one send at a time, beside the training.
 * What a tracker does not take stays in the folder and goes with the next send, or by `s3delta log`.
 * @param name what the run is called there
 * @param tell told in a sentence what could not be sent
 */
export function followRun(
  path: string,
  name: string,
  trackers: ReadonlyMap<string, Tracker>,
  tell: (text: string) => void,
  patience: number = PATIENCE_MS,
): Follower {
  const folder = runFolder(path);
  const note = notesOf(folder);
  const stop = new AbortController();
  const tails = [...trackers].map(tracker => ({
    tracker,
    sending: undefined as Promise<void> | undefined,
    again: false,
  }));
  type Tail = (typeof tails)[number];

  const send = ({ tracker }: Tail, signal: AbortSignal) => sendNews(folder, name, tracker, signal, note);
  const start = (tail: Tail): void => {
    if (tail.sending !== undefined) {
      tail.again = true;
      return;
    }
    tail.again = false;
    // A failure is told at the end alone: the next send takes along what this one could not.
    tail.sending = send(tail, stop.signal)
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        tail.sending = undefined;
        if (tail.again && !stop.signal.aborted) start(tail);
      });
  };

  return {
    onEvent(event) {
      if (event.type === 'evaluation') for (const tail of tails) start(tail);
    },
    async finish() {
      // It has not begun, or elsewhere: there is nothing to send yet.
      if (!isThere(folder.config)) return;
      const limit = AbortSignal.timeout(patience);
      limit.addEventListener('abort', () => stop.abort(), { once: true });
      await Promise.all(
        tails.map(async tail => {
          tail.again = false;
          await tail.sending;
          try {
            await send(tail, limit);
          } catch (error) {
            const [key] = tail.tracker;
            const later = `s3delta log ${shellWord(path)} --to ${key}`;
            tell(
              `${key} has not got all of ${name}: ${(error as Error).message}. Nothing is lost: send it by ${later}`,
            );
          }
        }),
      );
    },
  };
}
