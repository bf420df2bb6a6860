import { existsSync } from 'node:fs';
import { InterruptedError, StorageError } from '../core/errors.ts';
import { shellWord } from '../core/format.ts';
import { runFolder } from '../runs/run-folder.ts';

/** What commands that write run folders do when they are asked to stop. */
export const savingState = 'stopping after this step, to save the state';

/**
 * Runs a job that writes a run folder; an interruption, and a full disk, then tells how to go on with what is there.
 */
export async function withResumeHint<T>(command: 'search' | 'train', out: string, job: Promise<T>): Promise<T> {
  try {
    return await job;
  } catch (error) {
    if (!existsSync(runFolder(out).config)) throw error;
    const goOn = `go on with: s3delta ${command} --resume --out ${shellWord(out)}`;
    if (error instanceof InterruptedError) throw new InterruptedError(`${error.message}\n→ ${goOn}`);
    if (error instanceof StorageError) throw withRemedy(error, `${error.remedy}, then ${goOn}`);
    throw error;
  }
}

function withRemedy(error: StorageError, remedy: string): StorageError {
  const { what, where, code, cause } = error;
  return new StorageError(what, { where, code, cause, remedy });
}

/** Runs a job that goes on where it stopped when it is called again; an interruption then tells so. */
export async function withRepeatHint<T>(job: Promise<T>): Promise<T> {
  try {
    return await job;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`${error.message}\n→ the same command goes on: what is done is not done again`);
  }
}
