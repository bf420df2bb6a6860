import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { InputError, StorageError } from '../core/errors.ts';

/** What mends a path under which something else than a file was found. */
export const NO_FILE_REMEDY = 'remove it and put a file there, or give another path';

/** What the system's codes mean where a file is read, and what mends it. */
const readReasons: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  ENOENT: { what: 'no such file', remedy: 'check the path' },
  ENOTDIR: { what: 'a part of this path is a file, not a folder', remedy: 'check the path' },
  EISDIR: { what: 'this is a folder, not a file', remedy: NO_FILE_REMEDY },
  ENXIO: { what: 'this is a socket, a pipe or a device, not a file', remedy: NO_FILE_REMEDY },
  EACCES: { what: 'no permission to read this file', remedy: 'change its permissions, or give another file' },
  EPERM: { what: 'no permission to read this file', remedy: 'change its permissions, or give another file' },
  ELOOP: { what: 'too many links lead to one another here', remedy: 'check the path' },
  ENAMETOOLONG: { what: 'this path is too long', remedy: 'check the path' },
  ERR_INVALID_ARG_VALUE: { what: 'no path can hold a NUL character', remedy: 'check the path' },
  ERR_STRING_TOO_LONG: { what: 'this file is too large to be read as one text', remedy: 'give a smaller one' },
  ERR_FS_FILE_TOO_LARGE: { what: 'this file is too large to be read as a whole', remedy: 'give a smaller one' },
};

/** A failed attempt to read a file that the user named, as an InputError; any other error comes back as it is. */
export function asReadError(path: string, error: unknown): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || !Object.hasOwn(readReasons, code)) return error;
  if (code === 'ENOENT' && isDanglingLink(path)) return danglingLink(path, error);
  return new InputError(readReasons[code]!.what, {
    code: 'unreadable-file',
    where: path,
    remedy: readReasons[code]!.remedy,
    cause: error,
  });
}

/** Whether a path is a link to what is not there, as a link in a copied cache is. */
export function isDanglingLink(path: string): boolean {
  try {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink && statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

export function danglingLink(path: string, cause?: unknown): InputError {
  return new InputError(`this is a link to ${readlinkSync(path)}, which is not there`, {
    code: 'dangling-link',
    where: path,
    remedy: 'remove the link, or put back what it names',
    cause,
  });
}

/** What they mean where something is written. Any other failed call is told by its code. */
const writeReasons: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  ENOSPC: { what: 'the disk is full', remedy: 'free some space' },
  EDQUOT: { what: 'the disk quota is used up', remedy: 'free some space, or raise the quota' },
  EFBIG: { what: 'the file would be larger than this file system allows', remedy: 'use a folder on another disk' },
  EROFS: { what: 'this file system is read-only', remedy: 'use a folder that can be written' },
  EACCES: { what: 'no permission to write here', remedy: 'use a folder that can be written' },
  EPERM: { what: 'no permission to write here', remedy: 'use a folder that can be written' },
  ENOENT: { what: 'its folder is not there (any more)', remedy: 'make the folder again, or use another one' },
  ENOTDIR: { what: 'its folder is not there (any more)', remedy: 'make the folder again, or use another one' },
  EISDIR: { what: 'a folder has the name of this file', remedy: 'remove it, or use another folder' },
  EIO: { what: 'the disk failed', remedy: 'check the disk' },
  EMFILE: { what: 'too many files are open', remedy: 'close some programs, or raise the limit (ulimit -n)' },
};

/** A failed system call while writing `path` as a StorageError; any other error comes back as it is. */
export function asStorageError(path: string, error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const known = Object.hasOwn(writeReasons, code) ? writeReasons[code] : undefined;
  const { what, remedy } = known ?? { what: `it cannot be written (${code})`, remedy: 'check disk and folder' };
  return new StorageError(what, { where: path, remedy, code, cause: error });
}
