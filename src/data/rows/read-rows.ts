import { extname } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { readBytes } from '../../files/regular-file.ts';
import { decodeUtf8 } from '../../files/text-files.ts';
import { parseCsv } from './csv.ts';
import type { KnownColumns } from './cutters.ts';
import { parseJsonDocument, parseJsonLines } from './json-rows.ts';
import { requireContentOfName } from './known-content.ts';
import { parseParquet } from './parquet.ts';
import type { Row } from './row.ts';
import { parseTsv } from './tsv.ts';

/** How a file is to be read, beyond what the ending of its name says. */
export interface TableOptions extends KnownColumns {
  /** Leave out lines of a tsv with too few cells instead of refusing them. */
  readonly passOverShortLines?: boolean | undefined;
}

type Parse = (bytes: Buffer, file: string, options: TableOptions) => Row[] | Promise<Row[]>;

const PARSERS: Readonly<Record<string, Parse>> = {
  '.tsv': (bytes, file, { passOverShortLines, ...known }) =>
    parseTsv(decodeUtf8(bytes, file), file, known, passOverShortLines),
  '.csv': (bytes, file, known) => parseCsv(decodeUtf8(bytes, file), file, known),
  '.jsonl': (bytes, file) => parseJsonLines(decodeUtf8(bytes, file), file),
  '.json': (bytes, file) => parseJsonDocument(decodeUtf8(bytes, file), file),
  '.parquet': parseParquet,
};

/** Endings of the names of the files that can be read. */
export const dataFileEndings: readonly string[] = Object.keys(PARSERS);

/**
 * Rows of a data file, by the ending of its name: `.tsv` (no quotes, as GLUE's), `.csv` (RFC 4180), `.jsonl`, `.json`,
 * `.parquet` (as the Hub has it). Text is UTF-8.
 * @throws InputError with file and line where the file is missing, empty, of an unknown ending, in another encoding,
 * malformed, or of another kind than its name says.
 */
export async function readRows(file: string, options: TableOptions = {}): Promise<Row[]> {
  const parse = PARSERS[extname(file).toLowerCase()];
  if (parse === undefined) {
    throw new InputError('unknown kind of data file', {
      code: 'wrong-kind-of-file',
      where: file,
      remedy: `the name must end in ${dataFileEndings.join(', ')}`,
    });
  }
  const bytes = await readBytes(file);
  requireContentOfName(bytes, file);
  return parse(bytes, file, options);
}

/** The same of a file that must hold some. @throws InputError as `readRows`, and where there are none */
export async function readSomeRows(file: string, options: TableOptions = {}): Promise<Row[]> {
  const rows = await readRows(file, options);
  if (rows.length > 0) return rows;
  throw new InputError('this data file has no rows', {
    code: 'empty-data',
    where: file,
    remedy: 'give a file with examples; the first line of a table only names its columns',
  });
}
