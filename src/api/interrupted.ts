import { InterruptedError, StorageError } from '../errors.ts';

/**
 * Runs a job; whatever stops it after the signal has aborted is an interruption, wherever it was noticed. A state that
 * could not be saved is not: an interruption promises it.
 */
export async function asInterrupted<T>(signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    const isTold = error instanceof InterruptedError || error instanceof StorageError;
    if (signal?.aborted && !isTold) throw new InterruptedError();
    throw error;
  }
}
