import type { Finding } from '../../core/errors.ts';
import { findValue, type Row } from '../../data/rows/row.ts';

/** The rows of one of a data set's files. */
export interface Part {
  readonly name: 'train' | 'validation' | 'test';
  readonly rows: readonly Row[];
}

/** What a task makes of its rows. */
export interface DataForm {
  /** Columns that the model reads. */
  readonly fields: readonly string[];
  /** The column with the answer. */
  readonly label: string;
  /** From the data's labels to the words to answer; undefined where answers are free text or numbers. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  /** Where each of these labels stands in a task file, where there is one. */
  readonly labelPlaces?: ReadonlyMap<string, string>;
  /** Whether answers are compared as numbers. */
  readonly numbers: boolean;
}

/** Looks at rows from one side. */
export type DataCheck = (parts: readonly Part[], form: DataForm) => readonly Finding[];

/** Whether a cell holds nothing: null, NaN, or a text without a letter. */
export function isMissing(value: unknown): boolean {
  return value === undefined || value === null || Number.isNaN(value) || (typeof value === 'string' && !value.trim());
}

/** The texts of a cell: none where nothing is in it, of a list each of its entries. */
export function cellTexts(row: Row, column: string): string[] {
  return [findValue(row, column)]
    .flat()
    .filter(value => !isMissing(value))
    .map(String);
}

/** `1 row`, `3 rows`. */
export function rowCount(count: number): string {
  return count === 1 ? '1 row' : `${count.toLocaleString('en-US')} rows`;
}

/** Rows that are counted, and where they come from: `60 rows of the train file`. */
export function rowsOf(parts: readonly Part[]): string {
  const all = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  return `${rowCount(all)} of ${parts.length === 1 ? `the ${parts[0]!.name} file` : 'all files'}`;
}

/** Some of them, as the beginning of a sentence: `1 of the 60 rows of the train file has`. */
export function someOf(count: number, parts: readonly Part[], verb: readonly [one: string, more: string]): string {
  return `${count.toLocaleString('en-US')} of the ${rowsOf(parts)} ${verb[count === 1 ? 0 : 1]}`;
}

const placesTold = 3;

/** Where some rows stand, of many the first: `train.csv:4, :9, :12 and 3 more`. */
export function placesOf(rows: readonly Row[]): string {
  const told = rows.slice(0, placesTold).map(({ file, line }, i) => {
    const isSame = file === rows[i - 1]?.file;
    return isSame ? `:${line}` : `${file}:${line}`;
  });
  return told.join(', ') + (rows.length > placesTold ? ` and ${rows.length - placesTold} more` : '');
}
