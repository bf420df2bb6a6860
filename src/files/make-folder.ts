import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { asStorageError } from './storage-error.ts';

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
