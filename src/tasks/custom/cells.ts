import { findValue, type Row } from '../../data/rows/row.ts';

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

const placesTold = 3;

/** Where some rows stand, of many the first: `train.csv:4, :9, :12 and 3 more`. */
export function placesOf(rows: readonly Row[]): string {
  const told = rows.slice(0, placesTold).map(({ file, line }, i) => {
    const isSame = file === rows[i - 1]?.file;
    return isSame ? `:${line}` : `${file}:${line}`;
  });
  return told.join(', ') + (rows.length > placesTold ? ` and ${rows.length - placesTold} more` : '');
}
