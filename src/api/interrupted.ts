import { InterruptedError } from '../errors.ts';

/** Runs a job; whatever stops it after the signal has aborted is an interruption, wherever it was noticed. */
export async function asInterrupted<T>(signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw interruption(error, signal);
  }
}

/** The error to pass on: an interruption where the signal has aborted, else the error itself. */
export function interruption(error: unknown, signal: AbortSignal | undefined): unknown {
  return signal?.aborted && !(error instanceof InterruptedError) ? new InterruptedError() : error;
}
