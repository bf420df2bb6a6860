import { StorageError } from '../core/errors.ts';

/** What the system's codes mean to a person, and what mends them. Any other failed call is told by its code. */
const reasons: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
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
  const known = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  const { what, remedy } = known ?? { what: `it cannot be written (${code})`, remedy: 'check disk and folder' };
  return new StorageError(what, { where: path, remedy, code, cause: error });
}
