import { createHash, randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../files/process-identity.ts';

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const NAME = /^([0-9a-f]+)\.([0-9a-f]{8})-(\d+)-[0-9a-f-]{36}\.incomplete$/;

// A connection on which nothing comes fails after minutes.
const LONG_MS = 60 * 60 * 1000;

/** Files that downloads of this process are writing into. */
const inUse = new Set<string>();

/**
 * Does something with a file that holds what has come of a blob so far, and that nobody else writes into: two downloads
 * at a time have two, `<blob>.<host>-<pid>-<uuid>.incomplete`. What a download has left that failed or was killed is
 * taken over with its content. The folder must be there; the file may not be.
 */
export async function withIncomplete<T>(blob: string, work: (path: string) => Promise<T>): Promise<T> {
  const own = `${blob}.${HOST}-${process.pid}-${randomUUID()}.incomplete`;
  inUse.add(own);
  try {
    await takeOver(await findAbandoned(blob), own);
    return await work(own);
  } finally {
    inUse.delete(own);
  }
}

/**
 * Gives the first of some files that is still there another name, at one instant for everyone; the others are removed.
 */
async function takeOver([first, ...others]: readonly string[], own: string): Promise<void> {
  if (first === undefined) return;
  try {
    await rename(first, own);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Another download was as quick.
    await takeOver(others, own);
    return;
  }
  await Promise.all(others.map(path => rm(path, { force: true })));
}

/** The largest first. */
async function findAbandoned(blob: string): Promise<string[]> {
  const folder = dirname(blob);
  const found: { path: string; size: number }[] = [];
  for (const name of await readdir(folder)) {
    const [, of, host, pid] = NAME.exec(name) ?? [];
    if (of !== basename(blob)) continue;
    const path = join(folder, name);
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) continue;
    const isWritten = host === HOST ? isHeld(path, Number(pid)) : Date.now() - file.mtimeMs < LONG_MS;
    if (!isWritten) found.push({ path, size: file.size });
  }
  return found.sort((a, b) => b.size - a.size).map(({ path }) => path);
}

/** Whether the process of this machine that a file is named after may still write into it. */
function isHeld(path: string, pid: number): boolean {
  return pid === process.pid ? inUse.has(path) : isRunning({ pid, host: hostname(), birth: null });
}
