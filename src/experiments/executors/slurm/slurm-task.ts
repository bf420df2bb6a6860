import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InterruptedError, StopRequest } from '../../../core/errors.ts';
import { processIdentity, thisProcess } from '../../../files/process-identity.ts';
import { readJson } from '../../../files/structured-text.ts';
import { writeFileWhole } from '../../../files/write-whole.ts';
import type { JobEvent } from '../../../jobs/job-events.ts';
import { runFolder } from '../../../runs/run-folder.ts';
import { readLock } from '../../../runs/run-lock.ts';
import { cellName } from '../../cell.ts';
import { sharedLoaders } from '../../shared-loaders.ts';
import { describeError } from '../executor.ts';
import { inProcess } from '../in-process.ts';
import { type ArrayTask, arrayFiles, readTasks } from './array-files.ts';
import { slurm } from './slurm-commands.ts';

// The program of a task: `slurm-task FILE NUMBER` does one cell of an array, and ends.

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

function print(event: JobEvent): void {
  if (event.type === 'message' || event.type === 'warning') console.log(event.text);
  if (event.type === 'evaluation') console.log(`${event.stage} ${event.step}/${event.steps}: ${event.score}`);
}

async function runTask(file: string, index: number): Promise<void> {
  const { id, cell } = readTasks(file)[index]!;
  const folder = dirname(file);
  const out = dirname(folder);
  const { error: errorFile } = arrayFiles(out, basename(file, '.jsonl'));
  await rm(errorFile(index), { force: true });
  console.log(cellName(cell));

  const stop = new AbortController();
  let timeIsUp = false;
  process.on('SIGUSR1', () => {
    timeIsUp = true;
    stop.abort(new StopRequest('Slurm, whose time for it is up'));
  });
  process.on('SIGTERM', () => stop.abort(new StopRequest('Slurm')));
  try {
    await releaseAttempt({ id, cell }, folder);
    await inProcess(sharedLoaders()).run(cell, { signal: stop.signal, onEvent: print });
  } catch (error) {
    try {
      if (!(error instanceof InterruptedError)) throw error;
      console.log(error.message);
      if (timeIsUp) await slurm('scontrol', ['requeue', process.env.SLURM_JOB_ID!]);
    } catch (failure) {
      const message = describeError(failure);
      console.log(message);
      await writeFileWhole(errorFile(index), message);
      process.exitCode = 1;
    }
  }
}

const [file, index] = process.argv.slice(2) as [string, string];
await runTask(file, Number(index));
