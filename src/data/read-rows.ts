import { extname } from 'node:path';
import { InputError } from '../errors.ts';
import { readBytes } from '../files/read-json.ts';
import { parseCsv } from './csv.ts';
import { parseJsonDocument, parseJsonLines } from './json-rows.ts';
import { parseParquet } from './parquet.ts';
import type { Row } from './row.ts';
import { parseTsv } from './tsv.ts';

/** How a file is to be read, beyond what the ending of its name says. */
export interface TableOptions {
  /** Names of the columns of a table without a header line. */
  readonly columns?: readonly string[] | undefined;
  /** Leave out lines of a tsv with too few cells instead of refusing them. */
  readonly passOverShortLines?: boolean | undefined;
}

type Parse = (bytes: Buffer, file: string, options: TableOptions) => Row[] | Promise<Row[]>;

const PARSERS: Readonly<Record<string, Parse>> = {
  '.tsv': (bytes, file, { columns, passOverShortLines }) =>
    parseTsv(bytes.toString('utf8'), file, columns, passOverShortLines),
  '.csv': (bytes, file, { columns }) => parseCsv(bytes.toString('utf8'), file, columns),
  '.jsonl': (bytes, file) => parseJsonLines(bytes.toString('utf8'), file),
  '.json': (bytes, file) => parseJsonDocument(bytes.toString('utf8'), file),
  '.parquet': parseParquet,
};

/** Endings of the names of the files that can be read. */
export const dataFileEndings: readonly string[] = Object.keys(PARSERS);

/**
 * Rows of a data file, by the ending of its name: `.tsv` (no quotes, as GLUE's), `.csv` (RFC 4180), `.jsonl`, `.json`,
 * `.parquet` (as the Hub has it).
 * @throws InputError with file and line where the file is missing, of an unknown ending, or malformed.
 */
export async function readRows(file: string, options: TableOptions = {}): Promise<Row[]> {
  const parse = PARSERS[extname(file).toLowerCase()];
  if (parse === undefined) {
    throw new InputError('unknown kind of data file', {
      where: file,
      remedy: `the name must end in ${dataFileEndings.join(', ')}`,
    });
  }
  return parse(await readBytes(file), file, options);
}
