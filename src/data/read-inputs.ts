import type { FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import { asReadError } from '../files/file-errors.ts';
import { openFile, readAt } from '../files/regular-file.ts';
import { csvCutter, HEAD_LENGTH, sniffDialect, type TableSpelling } from './rows/csv.ts';
import { type ByteStream, type Cutter, cutStream, type KnownColumns, lineCutter, rowCutter } from './rows/cutters.ts';
import { parseJsonLine } from './rows/json-rows.ts';
import { KNOWN_BYTES, readRows, requireContentOfName } from './rows/read-rows.ts';
import type { Row } from './rows/row.ts';
import { tsvCutter } from './rows/tsv.ts';

/** Something to be answered: a text, or a row of fields; and the line where it stands, from 1. */
export type ModelInput = { readonly line: number; readonly text: string } | Row;

/** How files are cut into inputs that can be cut before their end is read, by the ending of their names. */
const cutters: Readonly<Record<string, (file: string, known: KnownColumns) => Cutter<ModelInput>>> = {
  '.tsv': (file, known) => rowCutter(tsvCutter(), file, known),
  '.csv': (file, known) => rowCutter(csvCutter(file, known), file, known),
};

/** Files of which only the end says what they hold. */
const READ_WHOLE: readonly string[] = ['.json', '.parquet'];

/**
 * What a file asks: the rows of a `.tsv`, `.csv`, `.json` or `.parquet`, else its lines (`readInputLines`). Read as
 * they are needed, but for the last two.
 * @param known what is known of a table's columns
 * @throws InputError with file and line where it is missing, malformed or not UTF-8
 */
export async function* readInputs(
  file: string,
  signal?: AbortSignal,
  known: KnownColumns = {},
): AsyncGenerator<ModelInput, void> {
  const ending = extname(file).toLowerCase();
  if (READ_WHOLE.includes(ending)) {
    yield* await readRows(file, known);
    return;
  }
  try {
    const handle = await openFile(file);
    if (ending in cutters || ending === '.jsonl') await requireContent(handle, file);
    const stream = handle.createReadStream({ start: 0 });
    yield* cutStream(stream, file, (cutters[ending] ?? inputCutter)(file, known), signal);
  } catch (error) {
    throw asReadError(file, error);
  }
}

/** Closes the file where it is refused. */
async function requireContent(handle: FileHandle, file: string): Promise<void> {
  try {
    const bytes = new Uint8Array(KNOWN_BYTES);
    requireContentOfName(bytes.subarray(0, await readAt(handle, bytes, 0)), file);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * How a `.csv` is written, by its first lines; undefined of any other file.
 * @throws InputError as `openFile`
 */
export async function tableSpelling(
  file: string,
  columnsOf: (file: string) => KnownColumns,
): Promise<TableSpelling | undefined> {
  if (extname(file).toLowerCase() !== '.csv') return undefined;
  const handle = await openFile(file);
  try {
    const bytes = new Uint8Array(HEAD_LENGTH);
    const length = await readAt(handle, bytes, 0);
    const text = Buffer.from(bytes.buffer, 0, length).toString('utf8');
    const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
    const head = text.slice(mark.length);
    const { separator, skipped, decimalCommas } = sniffDialect(head, length < HEAD_LENGTH, columnsOf(file));
    return { separator, opening: mark + head.slice(0, skipped), hasDecimalCommas: decimalCommas.size > 0 };
  } finally {
    await handle.close();
  }
}

/**
 * An input a line (`parseInput`), read as they are needed; empty lines are passed over.
 * @param name of the stream, for messages
 * @throws InputError with name and line, and an AbortError where the signal has aborted
 */
export function readInputLines(
  stream: ByteStream,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<ModelInput, void> {
  return cutStream(stream, name, inputCutter(name), signal);
}

function inputCutter(name: string): Cutter<ModelInput> {
  const cutLines = lineCutter();
  return function* (piece, isLast) {
    for (const { line, text } of cutLines(piece, isLast)) {
      if (text.trim() !== '') yield parseInput(text, name, line);
    }
  };
}

/**
 * A text, or where it begins with `{`, a JSON object of fields.
 * @throws InputError with name and line where that is no JSON object
 */
export function parseInput(text: string, name: string, line: number): ModelInput {
  return text.trimStart().startsWith('{') ? parseJsonLine(text, name, line) : { line, text };
}
