import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';

/** Text of a file the user named. A missing or unreadable one is an InputError that says which. */
export async function readTextFile(path: string): Promise<string> {
  return (await readBytes(path)).toString('utf8');
}

/** Content of a file the user named. A missing or unreadable one is an InputError that says which. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new InputError('no such file', { where: path, remedy: 'check the path', cause });
    if (code === 'EISDIR') throw new InputError('this is a folder, not a file', { where: path, cause });
    if (code === 'EACCES') throw new InputError('no permission to read this file', { where: path, cause });
    throw cause;
  }
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
