import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { isRunning, processIdentity, thisProcess } from '../files/process-identity.ts';
import { asReadError } from '../files/read-error.ts';
import { createFileWhole } from '../files/write-file-whole.ts';
import { createRunFolder, type RunFolder } from './run-folder.ts';

/** The content of `lock.json`: who writes into a run folder. */
const runLock = processIdentity.extend({
  /** Becomes part of a file name. */
  id: z.string().regex(/^[\w-]+$/),
  since: z.string(),
});

export type RunLock = z.infer<typeof runLock>;

/**
 * Does something as the only process that writes into a run's folder; makes the folder where it is missing.
 * @throws InputError where another process holds it, with its pid and host
 */
export async function whileHolding<T>(folder: RunFolder, work: () => Promise<T>): Promise<T> {
  await createRunFolder(folder);
  const own: RunLock = { id: randomUUID(), ...thisProcess(), since: new Date().toISOString() };
  await acquire(folder.lock, own);
  try {
    return await work();
  } finally {
    await release(folder.lock, own);
  }
}

/** Touches no file. @throws InputError where another process writes into the run's folder */
export function requireNotHeld(folder: RunFolder): void {
  const holder = readLock(folder.lock);
  if (holder !== undefined && isRunning(holder)) throw heldBy(holder, folder.lock);
}

/** Whether a process works on a run; undefined where that cannot be told: it is another machine's, or the lock is damaged. */
export function isHeld(folder: RunFolder): boolean | undefined {
  try {
    const holder = readLock(folder.lock);
    if (holder === undefined) return false;
    return holder.host === hostname() ? isRunning(holder) : undefined;
  } catch {
    return undefined;
  }
}

/** The process that holds a run, or held it until it was killed; undefined where none does. */
export function readLock(path: string): RunLock | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isThere = !['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (!isThere) return undefined;
    throw asReadError(path, error);
  }
  try {
    return runLock.parse(JSON.parse(text));
  } catch (cause) {
    throw new InputError('this lock cannot be read', {
      where: path,
      remedy: 'remove it, if no other process works on this run',
      cause,
    });
  }
}

/**
 * Takes the lock at `path`, or the place of a holder that has died. The right to replace one dead holder is a lock of
 * its own beside it, named after that holder: so only one process replaces it, and one killed in doing so is replaced
 * in the same way.
 */
async function acquire(path: string, own: RunLock): Promise<void> {
  const holder = readLock(path);
  if (holder === undefined) {
    if (!(await createFileWhole(path, JSON.stringify(own)))) await acquire(path, own);
    return;
  }
  if (isRunning(holder)) throw heldBy(holder, path);
  const right = `${path}.${holder.id}`;
  await acquire(right, own);
  if (readLock(path)?.id === holder.id) {
    await rename(right, path);
  } else {
    // Someone had the right before, and has used it.
    await rm(right, { force: true });
    await acquire(path, own);
  }
}

async function release(path: string, own: RunLock): Promise<void> {
  if (readLock(path)?.id === own.id) await rm(path, { force: true });
}

function heldBy({ pid, host, since }: RunLock, path: string): InputError {
  const isHere = host === hostname();
  return new InputError(`process ${pid} on ${host} works on this run, since ${since}`, {
    where: path,
    remedy: isHere
      ? 'let it end, or stop it, and then go on with --resume; or give another --out'
      : `give another --out; or, if that process runs no more, remove ${path} and go on with --resume`,
  });
}
