import { basename, extname } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { shellWord } from '../../core/format.ts';
import { readBytes } from '../../files/regular-file.ts';
import { decodeUtf8 } from '../../files/text-files.ts';
import { parseCsv } from './csv.ts';
import type { KnownColumns } from './cutters.ts';
import { parseJsonDocument, parseJsonLines } from './json-rows.ts';
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

/** So many bytes at a file's beginning tell what it is. */
export const KNOWN_BYTES = 4096;

/** Something that a file may hold whatever its name says. */
interface KnownContent {
  readonly name: string;
  /** Whether a file of that ending, which begins with that text, holds it and should not. */
  readonly holds: (text: string, ending: string) => boolean;
  readonly remedy: (file: string, text: string) => string;
}

const otherName = (file: string, ending: string): string =>
  `give it the name that fits: mv ${shellWord(file)} ${shellWord(file.slice(0, -extname(file).length) + ending)}`;

const tables: readonly string[] = ['.csv', '.tsv'];

const contents: readonly KnownContent[] = [
  {
    name: 'a web page (HTML)',
    holds: text => /^\s*(<!--[\s\S]*?-->\s*)?<(!doctype\s+html|html|head|body|title|script|table)\b/i.test(text),
    remedy: () =>
      'a browser has saved the page that shows the data, or one that asks to log in: download the file itself (the ' +
      'link "raw" or "download"); a table that was saved as a page is opened as a sheet and saved as "CSV UTF-8"',
  },
  {
    name: 'XML',
    holds: text => /^\s*<\?xml\b/i.test(text),
    remedy: () => 'open it with the program that has written it, and save it as "CSV UTF-8"',
  },
  {
    name: 'a pointer of Git LFS, not the data',
    holds: text => text.startsWith('version https://git-lfs'),
    remedy: file => `fetch the data: git lfs pull --include ${shellWord(basename(file))}`,
  },
  {
    name: 'JSON',
    holds: (text, ending) => tables.includes(ending) && beginsWithObject(text) && !(ending === '.tsv' && hasTab(text)),
    remedy: (file, text) => otherName(file, holdsLines(text) ? '.jsonl' : '.json'),
  },
  {
    name: 'one JSON document, not a JSON object a line',
    holds: (text, ending) => ending === '.jsonl' && /^\s*(\[\s*\{|\{\s*\n)/.test(text),
    remedy: file => otherName(file, '.json'),
  },
  {
    name: 'a JSON object a line, not one document',
    holds: (text, ending) => ending === '.json' && beginsWithObject(text) && holdsLines(text),
    remedy: file => otherName(file, '.jsonl'),
  },
  {
    name: 'Parquet',
    holds: (text, ending) => ending !== '.parquet' && text.startsWith('PAR1'),
    remedy: file => otherName(file, '.parquet'),
  },
];

/**
 * Makes sure that a data file does not hold what its beginning tells to be something else: each reader would tell of
 * a wrong quote or column in it.
 * @param head the file's first `KNOWN_BYTES` bytes, or all of it where it has fewer
 * @throws InputError naming what it holds, with what to do
 */
export function requireContentOfName(head: Uint8Array, file: string): void {
  const text = Buffer.from(head.subarray(0, KNOWN_BYTES))
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  if (head.length < KNOWN_BYTES && text.trim() === '') {
    throw new InputError('this file is empty', {
      code: 'empty-data',
      where: file,
      remedy: 'save or download it again: a table has a line with the names of its columns, and a line a row',
    });
  }
  const ending = extname(file).toLowerCase();
  const found = contents.find(({ holds }) => holds(text, ending));
  if (found === undefined) return;
  throw new InputError(`this holds ${found.name}, whatever its name says`, {
    code: 'wrong-kind-of-file',
    where: file,
    remedy: found.remedy(file, text),
  });
}

/** A key and a colon: no name of a column is written so. */
const beginsWithObject = (text: string): boolean => /^\s*(\[\s*)?\{\s*"([^"\\\n]|\\.)*"\s*:/.test(text);

const hasTab = (text: string): boolean => (text.split('\n', 1)[0] ?? '').includes('\t');

/** Whether the first line is an object by itself, and another one follows. */
function holdsLines(text: string): boolean {
  const [first = '', next] = text.split('\n').filter(line => line.trim() !== '');
  return next?.trimStart().startsWith('{') === true && first.trimEnd().endsWith('}');
}
