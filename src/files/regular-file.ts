import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../core/errors.ts';
import { asReadError, danglingLink, isDanglingLink, NO_FILE_REMEDY } from './file-errors.ts';

/**
 * Files as users name them and run folders hold them. What is no regular file is refused by its name: a pipe would be
 * waited for without end, a device may have none, and a link that leads to nothing would be taken for a file that is
 * not there.
 */

// A pipe or a terminal is opened without waiting, and then refused. Windows knows neither flag.
const WITHOUT_WAITING = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
const READING = constants.O_RDONLY | WITHOUT_WAITING;
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | WITHOUT_WAITING;

/** Whether anything has this name, be it a link that leads to nothing. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // Other errors are of names that nothing can have. In a folder that one may not enter it is reading that says so.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Opens a file to be read. @throws InputError naming it where it is missing, may not be read, or is no file */
export async function openFile(path: string): Promise<FileHandle> {
  const handle = await open(path, READING).catch(error => {
    throw asReadError(path, error);
  });
  try {
    requireFile(path, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Content of a file. @throws InputError as `openFile` */
export async function readBytes(path: string): Promise<Buffer> {
  const handle = await openFile(path);
  try {
    return await handle.readFile();
  } catch (error) {
    throw asReadError(path, error);
  } finally {
    await handle.close();
  }
}

/** The same at once. */
export function readBytesSync(path: string): Buffer {
  try {
    const descriptor = openSync(path, READING);
    try {
      requireFile(path, fstatSync(descriptor));
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw asReadError(path, error);
  }
}

/** The end of a file, at most so many bytes of it, as text. `isWhole`: it has no more. */
export function readTailSync(path: string, bytes: number): { readonly text: string; readonly isWhole: boolean } {
  try {
    const descriptor = openSync(path, READING);
    try {
      const found = fstatSync(descriptor);
      requireFile(path, found);
      const start = Math.max(0, found.size - bytes);
      const buffer = Buffer.alloc(found.size - start);
      const length = readSync(descriptor, buffer, 0, buffer.length, start);
      return { text: buffer.toString('utf8', 0, length), isWhole: start === 0 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw asReadError(path, error);
  }
}

/**
 * Opens a file to be appended to, made where it is missing; returns its descriptor.
 * @throws InputError where it is no file, and whatever the system refuses
 */
export function openToAppend(path: string): number {
  // Opening it would make a file at the place that the link names.
  if (isDanglingLink(path)) throw danglingLink(path);
  const descriptor = openOrRefuse(path);
  try {
    requireFile(path, fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openOrRefuse(path: string): number {
  try {
    return openSync(path, APPENDING, 0o666);
  } catch (error) {
    const isNoFile = ['EISDIR', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw isNoFile ? asReadError(path, error) : error;
  }
}

function requireFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const kind = found.isDirectory() ? 'folder' : found.isFIFO() ? 'pipe' : found.isSocket() ? 'socket' : 'device';
  throw new InputError(`this is a ${kind}, not a file`, { code: 'not-a-file', where: path, remedy: NO_FILE_REMEDY });
}

/** No system reads more at once than a little less than 2 GiB. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * Fills bytes with what stands in a file from a position on.
 * @returns how many there were: fewer than asked for where the file ends before
 */
export async function readAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.byteLength) {
    const most = Math.min(MOST_AT_ONCE, bytes.byteLength - done);
    const { bytesRead } = await handle.read(bytes, done, most, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
