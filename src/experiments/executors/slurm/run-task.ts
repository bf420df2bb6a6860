import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InterruptedError } from '../../../core/errors.ts';
import { processIdentity, thisProcess } from '../../../files/process-identity.ts';
import { readJson } from '../../../files/text-files.ts';
import { writeFileWhole } from '../../../files/write-whole.ts';
import type { JobEvent } from '../../../jobs/job-events.ts';
import { runFolder } from '../../../runs/run-folder.ts';
import { readLock } from '../../../runs/run-lock.ts';
import { cellName } from '../../cell.ts';
import { sharedLoaders } from '../../shared-loaders.ts';
import { describeError } from '../executor.ts';
import { inProcess } from '../here.ts';
import { type ArrayTask, arrayFiles, readTasks } from './array-files.ts';
import { slurm } from './slurm-arrays.ts';

/**
 * A node that died has left its lock, and no other machine can see that its process is gone. Slurm can: it starts a
 * cell again only where the attempt before has ended. So an attempt writes down who it is, and the next one removes
 * what that one has left, and nobody else's.
 */
async function releaseAttempt({ id, cell }: ArrayTask, folder: string): Promise<void> {
  const note = join(folder, `${id}.attempt`);
  const { lock } = runFolder(cell.folder);
  const last = existsSync(note) ? processIdentity.parse(await readJson(note)) : undefined;
  const holder = readLock(lock);
  if (last !== undefined && holder?.host === last.host && holder.pid === last.pid) await rm(lock, { force: true });
  await writeFileWhole(note, JSON.stringify(thisProcess()));
}

/** What can stop a task, and who is told of it. */
interface TaskContext {
  /** Aborts before the time that Slurm has given is up: the run is saved, and queued again. */
  readonly timeIsUp: AbortSignal;
  /** Aborts where the task is cancelled: the run is saved. */
  readonly cancelled: AbortSignal;
  tell(text: string): void;
}

/**
 * Does the cell that stands on a line of an array's file. Why it has failed is written beside that file.
 * @returns whether it has not failed
 */
export async function runTask(
  file: string,
  index: number,
  { timeIsUp, cancelled, tell }: TaskContext,
): Promise<boolean> {
  const task = readTasks(file)[index]!;
  const folder = dirname(file);
  const errorFile = arrayFiles(dirname(folder), basename(file, '.jsonl')).error(index);
  await rm(errorFile, { force: true });
  tell(cellName(task.cell));
  try {
    await releaseAttempt(task, folder);
    const signal = AbortSignal.any([timeIsUp, cancelled]);
    await inProcess(sharedLoaders()).run(task.cell, { signal, onEvent: event => tellOf(event, tell) });
    return true;
  } catch (error) {
    try {
      if (!(error instanceof InterruptedError)) throw error;
      tell(error.message);
      if (timeIsUp.aborted) await slurm('scontrol', ['requeue', process.env.SLURM_JOB_ID!]);
      return true;
    } catch (failure) {
      const message = describeError(failure);
      tell(message);
      await writeFileWhole(errorFile, message);
      return false;
    }
  }
}

function tellOf(event: JobEvent, tell: (text: string) => void): void {
  if (event.type === 'message' || event.type === 'warning') tell(event.text);
  if (event.type === 'evaluation') tell(`${event.stage} ${event.step}/${event.steps}: ${event.score}`);
  if (event.type === 'step' && event.isLogged) {
    tell(`${event.stage} ${event.step}/${event.steps}: a loss of ${event.loss.toFixed(4)}`);
  }
}
