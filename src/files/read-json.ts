import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';

/** Text of a file the user named. A missing or unreadable one is an InputError that says which. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw readingError(cause, path);
  }
}

/** The error to tell of where a file the user named could not be read: an InputError where the user can mend it. */
export function readingError(cause: unknown, path: string): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new InputError('no such file', { where: path, remedy: 'check the path', cause });
  if (code === 'EISDIR') return new InputError('this is a folder, not a file', { where: path, cause });
  if (code === 'EACCES') return new InputError('no permission to read this file', { where: path, cause });
  return cause;
}

/** Parsed JSON of a file, not validated further. InputError where it is missing or is no JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InputError(`not valid JSON (${(cause as Error).message})`, {
      where: path,
      remedy: 'the file may be cut off: download or write it again',
      cause,
    });
  }
}
