import { existsSync, readdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { InputError } from '../core/errors.ts';
import { checkOnce, noteChecked } from '../files/check-once.ts';
import type { CachedRepository } from './cache.ts';
import { blobHash } from './download.ts';
import { WrongContentError } from './hub-errors.ts';
import { HASH } from './listing.ts';

/** Whether a file is there, and has its hash: looked at again whenever it has changed. */
export async function isWhole({ folder }: CachedRepository, path: string, hash: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  try {
    await checkOnce(path, recordFile(folder, hash), async () => {
      if ((await blobHash(path, hash.length)) !== hash) throw new WrongContentError();
    });
    return true;
  } catch (error) {
    // No file at all is no whole one either.
    if (error instanceof WrongContentError || error instanceof InputError) return false;
    throw error;
  }
}

/** Notes that a blob has its hash. */
export function noteWhole({ folder }: CachedRepository, blob: string, hash: string): Promise<void> {
  return noteChecked(blob, recordFile(folder, hash));
}

const recordFile = (folder: string, hash: string) => join(folder, '.s3delta', 'checked', hash);

/** The hash of a snapshot's file by the name of what it links to; undefined of a copy. */
async function hashByName(path: string): Promise<string | undefined> {
  const name = basename(await realpath(path));
  return HASH.test(name) ? name : undefined;
}

/** Of some files of a snapshot, those that are there and have changed since they were downloaded. */
export async function damaged(cache: CachedRepository, snapshot: string, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.map(each => join(snapshot, each)).filter(each => existsSync(each))) {
    const hash = await hashByName(path);
    if (hash !== undefined && !(await isWhole(cache, path, hash))) found.push(path);
  }
  return found;
}

/** Paths of the files that are there of a snapshot, written with `/`. */
export function filesIn(snapshot: string): readonly string[] {
  const found = readdirSync(snapshot, { recursive: true, withFileTypes: true }).filter(each => !each.isDirectory());
  return found.map(({ parentPath, name }) => relative(snapshot, join(parentPath, name)).replaceAll('\\', '/'));
}
