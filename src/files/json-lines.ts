import { appendFileSync, closeSync, fsyncSync } from 'node:fs';
import { asStorageError } from './file-errors.ts';
import { isThere, openToAppend, readBytesSync } from './regular-file.ts';

/**
 * Adds a line of JSON to a file that grows while something runs; it is on the disk when this returns. StorageError
 * where the system refuses, InputError where something else than a file has its name.
 */
export function appendJsonLine(file: string, value: unknown): void {
  try {
    const handle = openToAppend(file);
    try {
      appendFileSync(handle, `${JSON.stringify(value)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw asStorageError(file, error);
  }
}

/**
 * Every whole line of such a file; one that a crash has cut short is left out. No file, no lines.
 * @throws InputError where something else has its name
 */
export function readJsonLines(file: string): unknown[] {
  if (!isThere(file)) return [];
  return readBytesSync(file)
    .toString('utf8')
    .split('\n')
    .map(parseLine)
    .filter(value => value !== undefined);
}

function parseLine(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
