import { InterruptedError } from '../errors.ts';

/** Runs a job; whatever stops it after the signal has aborted is an interruption, wherever it was noticed. */
export async function asInterrupted<T>(signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw interruption(signal, error);
  }
}

/** The error to pass on: an interruption where the signal has aborted, else the error itself. */
export function interruption(signal: AbortSignal | undefined, error: unknown): unknown {
  return signal?.aborted && !(error instanceof InterruptedError) ? new InterruptedError() : error;
}
