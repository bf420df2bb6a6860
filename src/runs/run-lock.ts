import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { InputError, StorageError } from '../core/errors.ts';
import { isRunning, parentProcess, processIdentity, thisProcess } from '../files/process-identity.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { createFileWhole, writeFileWhole } from '../files/write-whole.ts';
import { createRunFolder, type RunFolder } from './run-folder.ts';

/** The content of `lock.json`: who writes into a run folder. */
const runLock = processIdentity.extend({
  /** Becomes part of a file name. */
  id: z.string().regex(/^[\w-]{1,64}$/),
  since: z.string(),
  /** The process whose end is the holder's: it saves, and lets go. */
  parent: processIdentity.optional(),
  /** Whether it was asked to stop, and only ends its step. */
  stopping: z.boolean().optional(),
});

export type RunLock = z.infer<typeof runLock>;

/**
 * Does something as the only process that writes into a run's folder; makes the folder where it is missing.
 * @throws InputError where another process holds it, with its pid and host
 */
export async function whileHolding<T>(folder: RunFolder, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  await createRunFolder(folder);
  const parent = parentProcess();
  const own: RunLock = {
    ...{ id: randomUUID(), ...thisProcess(), since: new Date().toISOString() },
    ...(parent && { parent }),
  };
  await acquire(folder.lock, own);
  let noted: Promise<unknown> = Promise.resolve();
  const note = () => {
    // No matter where it cannot be written: whoever waits then does so for less long.
    noted = writeFileWhole(folder.lock, JSON.stringify({ ...own, stopping: true })).catch(() => {});
  };
  signal?.addEventListener('abort', note);
  try {
    return await work();
  } finally {
    signal?.removeEventListener('abort', note);
    await noted;
    await release(folder.lock, own);
  }
}

/** Touches no file. @throws InputError where another process writes into the run's folder */
export function requireNotHeld(folder: RunFolder): void {
  const holder = readLock(folder.lock);
  if (holder !== undefined && isRunning(holder)) throw heldBy(holder, folder.lock);
}

const WAIT_MS = 200;
/** Time in which a process that was asked to end has noted that it does. */
const NOTICE_MS = 3000;

/**
 * Waits for a process of this machine that is about to let go of a run: one that was asked to stop and ends its step,
 * or a worker without a parent. Any other holder is left to be refused.
 * @param tell told once that it is waited for, and for whom
 */
export async function untilReleased(
  folder: RunFolder,
  { signal, tell }: { signal?: AbortSignal | undefined; tell?: (text: string) => void } = {},
): Promise<void> {
  const begun = performance.now();
  let told = false;
  for (;;) {
    const holder = heldHere(folder);
    if (holder === undefined) return;
    const isEnding = holder.stopping === true || (holder.parent !== undefined && !isRunning(holder.parent));
    if (!isEnding && performance.now() - begun > NOTICE_MS) return;
    if (isEnding && !told)
      tell?.(`waiting for process ${holder.pid}, which ends a step of ${folder.path} and saves it`);
    told ||= isEnding;
    await setTimeout(WAIT_MS, undefined, { signal });
  }
}

/** The process of this machine that holds a run; undefined where none does, or none that can be told. */
function heldHere({ lock }: RunFolder): RunLock | undefined {
  try {
    const holder = readLock(lock);
    return holder !== undefined && holder.host === hostname() && isRunning(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
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
