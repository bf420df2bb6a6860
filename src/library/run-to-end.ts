import { InterruptedError, StorageError } from '../core/errors.ts';

/** What stops a call before its end. */
export interface StopContext {
  readonly signal?: AbortSignal;
}

/**
 * Runs a job; whatever stops it after the signal has aborted is an interruption, wherever it was noticed. A state that
 * could not be saved is not: an interruption promises it.
 */
export async function asInterrupted<T>(signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw interruption(signal, error);
  }
}

/** What to throw in place of an error: an interruption where the signal has aborted. */
export function interruption(signal: AbortSignal | undefined, error: unknown): unknown {
  const isTold = error instanceof InterruptedError || error instanceof StorageError;
  return signal?.aborted && !isTold ? new InterruptedError() : error;
}

/** Runs a stage to its end, tells each of its events, and returns its result, which `for await` would drop. */
export async function runToEnd<Event, Result>(
  events: AsyncGenerator<Event, Result>,
  onEvent?: (event: Event) => void,
): Promise<Result> {
  let result!: Result;
  async function* capturing() {
    result = yield* events;
  }
  // The loop closes the stage where a listener throws.
  for await (const event of capturing()) onEvent?.(event);
  return result;
}
