import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { asStorageError } from './storage-error.ts';
import { syncFolder } from './write-file-whole.ts';

/**
 * Makes a folder that is there with all its files or not at all: `fill` writes them into a temporary one beside it,
 * which is then renamed. What has stood at `path` is replaced. StorageError where the system refuses.
 */
export async function writeFolderWhole(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = resolve(path);
  const temporary = join(dirname(folder), `.${basename(folder)}.${randomUUID()}.tmp`);
  try {
    await makeFolder(temporary);
    await fill(temporary);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw asStorageError(folder, error);
  }
}
