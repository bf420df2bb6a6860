import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { asReadError } from '../files/read-error.ts';
import { parseJsonLine } from './json-rows.ts';
import { readRows } from './read-rows.ts';
import type { Row } from './row.ts';

/** Something to be answered: a text, or a row of fields; and the line where it stands, from 1. */
export type ModelInput = { readonly line: number; readonly text: string } | Row;

/** Tables and JSON documents cannot be cut into rows before they are read to their end. */
const readWhole = ['.tsv', '.csv', '.json'];

/**
 * What a file asks: the rows of a `.tsv`, `.csv` or `.json`, else its lines, read as they are needed (`readInputLines`).
 * @throws InputError with file and line where it is missing or malformed
 */
export async function* readInputs(file: string, signal?: AbortSignal): AsyncGenerator<ModelInput, void> {
  if (readWhole.includes(extname(file).toLowerCase())) {
    yield* await readRows(file);
    return;
  }
  try {
    yield* readInputLines(createReadStream(file), file, signal);
  } catch (error) {
    throw asReadError(file, error);
  }
}

/**
 * An input a line (`parseInput`), read as they are needed; empty lines are passed over.
 * @param name of the stream, for messages
 * @throws InputError with name and line, and the signal's reason where it has aborted
 */
export async function* readInputLines(
  stream: Readable,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<ModelInput, void> {
  const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY, ...(signal && { signal }) });
  try {
    let line = 0;
    for await (const content of reader) {
      line += 1;
      const text = line === 1 ? content.replace(/^\uFEFF/, '') : content;
      if (text.trim() === '') continue;
      yield parseInput(text, name, line);
    }
    // An abort closes the reader, which then ends as a file does.
    signal?.throwIfAborted();
  } finally {
    stream.destroy();
  }
}

/**
 * A text, or where it begins with `{`, a JSON object of fields.
 * @throws InputError with name and line where that is no JSON object
 */
export function parseInput(text: string, name: string, line: number): ModelInput {
  return text.trimStart().startsWith('{') ? parseJsonLine(text, name, line) : { line, text };
}
