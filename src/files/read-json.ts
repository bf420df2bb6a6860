import { InputError } from '../core/errors.ts';
import { readBytes } from './regular-file.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * Text of a UTF-8 file the user named. A missing or unreadable one, or another encoding, is an InputError that says
 * which.
 */
export async function readTextFile(path: string): Promise<string> {
  return decodeUtf8(await readBytes(path), path);
}

/** Parsed JSON of a file, not validated further. InputError where it is missing or is no JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InputError(`not valid JSON (${(cause as Error).message})`, {
      code: 'invalid-json',
      where: path,
      remedy: 'the file may be cut off: download or write it again',
      cause,
    });
  }
}
