import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, fsyncSync } from 'node:fs';
import { asStorageError } from './file-errors.ts';
import { isThereIfNoted, requireAsNoted } from './noted-hashes.ts';
import { isThere, openFile, openToAppend, readBytesSync, readTailSync } from './regular-file.ts';

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
 * @throws InputError where something else has its name, or it is not as it was noted, or gone
 */
export function readJsonLines(file: string): unknown[] {
  if (!isThereIfNoted(file)) return [];
  const bytes = readBytesSync(file);
  requireAsNoted(file, bytes);
  return bytes
    .toString('utf8')
    .split('\n')
    .map(parseLine)
    .filter(value => value !== undefined);
}

/**
 * The whole lines at the end of such a file, as far as so many bytes go: a log may be long, and its end is what is new.
 * @throws InputError where something else has its name
 */
export function readLastJsonLines(file: string, bytes: number): unknown[] {
  if (!isThere(file)) return [];
  const { text, isWhole } = readTailSync(file, bytes);
  return text
    .split('\n')
    .slice(isWhole ? 0 : 1)
    .map(parseLine)
    .filter(value => value !== undefined);
}

/** A shorter file is read as it is. */
const WHOLE_BYTES = 1 << 21;
const PIECE_BYTES = 1 << 20;
const LINE_END = 10;

/**
 * Lines of such a file for people to look at: all of a short one; of a long one about so many, evenly chosen over its
 * bytes, the first and the last among them. It is read piece by piece, and what is passed over is not parsed.
 * @throws InputError where something else has its name, or it is not as it was noted, or gone
 */
export async function sampleJsonLines(file: string, most: number): Promise<unknown[]> {
  if (!isThereIfNoted(file)) return [];
  const handle = await openFile(file);
  try {
    const { size } = await handle.stat();
    if (size <= WHOLE_BYTES) return readJsonLines(file);
    const stride = size / most;
    const chosen: unknown[] = [];
    const take = (line: Buffer) => {
      const value = parseLine(line.toString('utf8'));
      if (value !== undefined) chosen.push(value);
    };
    const hash = createHash('sha256');
    let due = 0;
    let rest: Buffer = Buffer.alloc(0);
    let last: Buffer | undefined;
    for (let read = 0; read < size; ) {
      const piece = Buffer.alloc(Math.min(PIECE_BYTES, size - read));
      const { bytesRead } = await handle.read(piece, 0, piece.length, read);
      if (bytesRead === 0) break;
      hash.update(piece.subarray(0, bytesRead));
      const before = read - rest.length;
      const text = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
      read += bytesRead;
      let start = 0;
      for (let end = text.indexOf(LINE_END); end >= 0; end = text.indexOf(LINE_END, start)) {
        if (before + start >= due) {
          take(text.subarray(start, end));
          due = before + start + stride;
          last = undefined;
        } else {
          last = text.subarray(start, end);
        }
        // On to the line that is due, or where that is not in this piece to the last one here.
        const onward = Math.min(Math.ceil(due) - before, text.length) - 1;
        const lineEnd = onward > end ? text.lastIndexOf(LINE_END, onward) : end;
        if (lineEnd > end) last = text.subarray(text.lastIndexOf(LINE_END, lineEnd - 1) + 1, lineEnd);
        start = lineEnd + 1;
      }
      rest = text.subarray(start);
    }
    if (last !== undefined) take(last);
    requireAsNoted(file, hash);
    return chosen;
  } finally {
    await handle.close();
  }
}

function parseLine(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
