import { InterruptedError } from '../errors.ts';

/** Runs a job; whatever stops it after the signal has aborted is an interruption, wherever it was noticed. */
export async function asInterrupted<T>(signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    if (signal?.aborted && !(error instanceof InterruptedError)) throw new InterruptedError();
    throw error;
  }
}
