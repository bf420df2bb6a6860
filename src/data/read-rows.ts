import { extname } from 'node:path';
import { InputError } from '../errors.ts';
import { readTextFile } from '../files/read-json.ts';
import { parseCsv } from './csv.ts';
import { parseJsonDocument, parseJsonLines } from './json-rows.ts';
import type { Row } from './row.ts';
import { parseTsv } from './tsv.ts';

type Parse = (text: string, file: string, columns?: readonly string[]) => Row[];

const PARSERS: Readonly<Record<string, Parse>> = {
  '.tsv': parseTsv,
  '.csv': parseCsv,
  '.jsonl': parseJsonLines,
  '.json': parseJsonDocument,
};

/**
 * Rows of a data file, by the ending of its name: `.tsv` (no quotes, as GLUE's), `.csv` (RFC 4180), `.jsonl`, `.json`.
 * @param columns names of the columns of a table without a header line.
 * @throws InputError with file and line where the file is missing, of an unknown ending, or malformed.
 */
export async function readRows(file: string, columns?: readonly string[]): Promise<Row[]> {
  const parse = PARSERS[extname(file).toLowerCase()];
  if (parse === undefined) {
    throw new InputError('unknown kind of data file', {
      where: file,
      remedy: `the name must end in ${Object.keys(PARSERS).join(', ')}`,
    });
  }
  return parse(await readTextFile(file), file, columns);
}
