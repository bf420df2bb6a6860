import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { InputError, StorageError } from '../core/errors.ts';
import { isRunning, processIdentity, thisProcess } from '../files/process-identity.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { createFileWhole } from '../files/write-whole.ts';
import { createRunFolder, type RunFolder } from './run-folder.ts';

/** The content of `lock.json`: who writes into a run folder. */
const runLock = processIdentity.extend({
  /** Becomes part of a file name. */
  id: z.string().regex(/^[\w-]{1,64}$/),
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

/**
 * Whether a process works on a run; undefined where that cannot be told: it is another machine's, or the lock is
 * damaged.
 */
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
  if (!isThere(path)) return undefined;
  try {
    return runLock.parse(JSON.parse(readBytesSync(path).toString()));
  } catch (cause) {
    // It may have been released in between.
    if (!isThere(path)) return undefined;
    const why = cause instanceof InputError ? `: ${cause.what}` : '';
    throw new InputError(`this lock cannot be read${why}`, {
      code: 'unreadable-lock',
      where: path,
      remedy: REMEDY,
      cause,
    });
  }
}

const REMEDY = 'remove it, if no other process works on this run';

/** Others come and go in between a few times; where it never ends, something else changes these files. */
const MOST_TRIES = 100;
/** Processes that have died one after the other while they replaced a dead one. */
const MOST_DEAD = 4;

/**
 * Takes the lock at `path`, or the place of a holder that has died. The right to replace one dead holder is a lock of
 * its own beside it, named after that holder: so only one process replaces it, and one killed in doing so is replaced
 * in the same way.
 * @param dead how many holders have died on the way to this lock
 */
async function acquire(path: string, own: RunLock, dead = 0): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const holder = readLock(path);
    if (holder === undefined) {
      if (await create(path, own)) return;
      continue;
    }
    if (isRunning(holder)) throw heldBy(holder, path);
    if (dead === MOST_DEAD)
      throw new InputError('too many have died at this lock', { code: 'unreadable-lock', where: path, remedy: REMEDY });
    const right = `${path}.${holder.id}`;
    await acquire(right, own, dead + 1);
    if (readLock(path)?.id === holder.id) {
      await rename(right, path);
      return;
    }
    // Someone had the right before, and has used it.
    await rm(right, { force: true });
  }
  throw new InputError('this lock changes all the time', { code: 'unreadable-lock', where: path, remedy: REMEDY });
}

/**
 * False where another process has the lock, or perhaps has: who holds a run clears its folder of files that are not
 * finished (`removeUnfinished`), and so of this one while it is being written.
 */
async function create(path: string, own: RunLock): Promise<boolean> {
  try {
    return await createFileWhole(path, JSON.stringify(own));
  } catch (error) {
    if (error instanceof StorageError && error.code === 'ENOENT' && isThere(dirname(path))) return false;
    throw error;
  }
}

async function release(path: string, own: RunLock): Promise<void> {
  if (readLock(path)?.id === own.id) await rm(path, { force: true });
}

function heldBy({ pid, host, since }: RunLock, path: string): InputError {
  const isHere = host === hostname();
  return new InputError(`process ${pid} on ${host} works on this run, since ${since}`, {
    code: 'run-in-use',
    where: path,
    remedy: isHere
      ? 'let it end, or stop it, and then go on with --resume; or give another --out'
      : `give another --out; or, if that process runs no more, remove ${path} and go on with --resume`,
  });
}
