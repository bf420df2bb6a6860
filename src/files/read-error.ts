import { InputError } from '../core/errors.ts';

/** What the system's codes mean to a person, and what mends them. */
const reasons: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  ENOENT: { what: 'no such file', remedy: 'check the path' },
  ENOTDIR: { what: 'a part of this path is a file, not a folder', remedy: 'check the path' },
  EISDIR: { what: 'this is a folder, not a file', remedy: 'give a file' },
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
  if (code === undefined || !Object.hasOwn(reasons, code)) return error;
  return new InputError(reasons[code]!.what, { where: path, remedy: reasons[code]!.remedy, cause: error });
}
