import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, type FileHandle, link, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StorageError } from '../core/errors.ts';
import { asStorageError } from './file-errors.ts';
import { makeFolder } from './folders.ts';

/** Makes a rename in `folder` durable. Windows cannot open folders, and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that at every moment, also after a power cut, `path` holds either its former content or all of
 * the new one: a temporary file in the same folder, fsync, rename, fsync of the folder. Chunks are written one after
 * the other, as they come. On failure the temporary file is removed; StorageError where the system refuses.
 */
export function writeFileWhole(path: string, data: FileData): Promise<void> {
  return placeWhole(path, data, rename);
}

/** The same for a file that must not be there yet: false, and nothing is changed, where it is. */
export async function createFileWhole(path: string, data: FileData): Promise<boolean> {
  try {
    await placeWhole(path, data, moveToNewName);
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** What is to stand in a file, or what writes it there itself. */
type FileData =
  | string
  | Uint8Array
  | Iterable<Uint8Array>
  | AsyncIterable<Uint8Array>
  | ((handle: FileHandle) => Promise<void>);

async function placeWhole(
  path: string,
  data: FileData,
  place: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = hiddenBeside(path);
  const chunks = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
  try {
    // `wx`: never follow or overwrite something that already carries the temporary name.
    const handle = await open(temporary, 'wx');
    try {
      if (typeof chunks === 'function') await chunks(handle);
      else for await (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    // A disk that has failed may refuse this too; the first failure is the one to tell.
    await rm(temporary, { force: true }).catch(() => {});
    throw asStorageError(path, error);
  }
}

/** A rename would replace what is there; a second name for the file fails instead, at one instant for everyone. */
async function moveToNewName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // Some file systems know no second names. A copy is exclusive as well, though not whole at one instant.
    await copyFile(temporary, path, constants.COPYFILE_EXCL);
  }
  await rm(temporary, { force: true });
}

function hiddenBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

const TEMPORARY = /^\..+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Removes the temporary files that writers killed half-way have left in a folder. No writer may be at work in it. */
export async function removeUnfinished(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const left = (await readdir(folder)).filter(name => TEMPORARY.test(name));
  await Promise.all(left.map(name => rm(join(folder, name), { force: true })));
}

/**
 * Makes a folder that is there with all its files or not at all: `fill` writes them into a temporary one beside it,
 * which is then renamed. What has stood at `path` is whole until it is moved aside. A process that is killed leaves a
 * hidden folder that ends in `.tmp`. StorageError where the system refuses.
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
