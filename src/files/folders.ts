import { mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { asStorageError } from './file-errors.ts';

/** Where files lie that can be made again at any time: $S3DELTA_CACHE, or `s3delta` in the user's cache folder. */
export function cacheFolder(): string {
  const { S3DELTA_CACHE: own, XDG_CACHE_HOME: users } = process.env;
  return own ? expandHome(own) : join(expandHome(users || '~/.cache'), 's3delta');
}

/**
 * A path with the user's home folder in place of a `~` before it: shells leave it in `--out=~/runs`, and know nothing
 * of YAML and of variables that a file sets. A folder of that name is `./~`.
 */
export function expandHome(path: string): string {
  return /^~(?=$|[/\\])/.test(path) ? `${homedir()}${path.slice(1)}` : path;
}

/**
 * Makes a folder and those above it that are missing, one by one: Node's own recursive mkdir never comes back from a
 * folder like /proc, which is there and takes none. StorageError where one cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  if (await isFolder(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    // Another process may have been faster.
    if (!(await isFolder(folder))) throw asStorageError(folder, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
