import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { asStorageError } from './storage-error.ts';
import { syncFolder } from './write-file-whole.ts';

/**
 * Makes a folder that is there with all its files or not at all: `fill` writes them into a temporary one beside it,
 * which is then renamed. What has stood at `path` is replaced, and is whole until then: it is moved aside, as deleting
 * its files takes time. A process that is killed leaves a hidden folder that ends in `.tmp`. StorageError where the
 * system refuses.
 */
export async function writeFolderWhole(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = resolve(path);
  const temporary = hiddenBeside(folder);
  try {
    await makeFolder(temporary);
    await fill(temporary);
    const replaced = existsSync(folder) ? hiddenBeside(folder) : undefined;
    if (replaced !== undefined) await rename(folder, replaced);
    await rename(temporary, folder);
    await syncFolder(dirname(folder));
    if (replaced !== undefined) await rm(replaced, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw asStorageError(folder, error);
  }
}

function hiddenBeside(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}.${randomUUID()}.tmp`);
}
