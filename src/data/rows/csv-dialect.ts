import { cutRecords } from './csv-records.ts';

/** How a csv file is written: programs and countries differ. */
export interface CsvDialect {
  readonly separator: string;
  /** Characters of a first line `sep=;`, which Excel writes and reads. */
  readonly skipped: number;
  /** Numbers of the columns, from 0, whose numbers have a decimal comma. */
  readonly decimalCommas: ReadonlySet<number>;
}

/** What has to be known to write a table as another one is written. */
export interface TableSpelling {
  readonly separator: string;
  /** What stands before the names of the columns: a byte order mark, a line `sep=;`. */
  readonly opening: string;
  readonly hasDecimalCommas: boolean;
}

/** Most characters that are looked at. */
export const HEAD_LENGTH = 65_536;

/** The likeliest first: of two that would do it is taken. */
const SEPARATORS = [',', ';', '\t', '|'];
const SEPARATOR_LINE = /^"?sep=(.)"?(\r\n|\r|\n)/i;

/**
 * Tells how a file is written by its first lines: the separator is the one that cuts them into equally many cells.
 * Where none does, it is a comma. Numbers have decimal commas where no comma separates, and a column holds nothing
 * else.
 * @param isWhole whether the head is the whole file
 * @param columns names of the columns, where the file does not begin with them
 */
export function sniffDialect(head: string, isWhole: boolean, columns?: readonly string[]): CsvDialect {
  const said = SEPARATOR_LINE.exec(head);
  const skipped = said?.[0].length ?? 0;
  const text = head.slice(skipped, HEAD_LENGTH);
  const separators = said === null ? SEPARATORS : [said[1]!];
  const read = separators.map(separator => ({ separator, records: records(text, separator, isWhole) }));
  const [best] = read
    .map(each => ({ ...each, fit: shareThatFits(each.records, columns?.length) }))
    .sort((a, b) => b.fit - a.fit);
  const { separator, records: lines } = best!.fit > 0 ? best! : { ...read[0]! };
  const rows = columns === undefined ? lines.slice(1) : lines;
  return { separator, skipped, decimalCommas: new Set(separator === ',' ? [] : columnsWithCommas(rows)) };
}

/** A cell as it was meant: in a column of decimal commas `1.234,5` is 1234.5. */
export function withDecimalPoint(cell: string): string {
  return DECIMAL_COMMA.test(cell) ? cell.replaceAll('.', '').replace(',', '.') : cell;
}

/** Whether a text is a number with a decimal comma, `3,5`: no program reads it as one. */
export function hasDecimalComma(text: string): boolean {
  return text.includes(',') && DECIMAL_COMMA.test(text);
}

// Points before a comma, or in a column of commas, can only part thousands.
const DECIMAL_COMMA = /^\s*[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?\s*$/;

/**
 * The lines of a head, cut; what is cut off at its end is left out. None where the separator makes nonsense of the
 * quotes.
 */
function records(text: string, separator: string, isWhole: boolean): (readonly string[])[] {
  try {
    return [...cutRecords('', separator)(text, isWhole)].map(({ cells }) => cells);
  } catch {
    return [];
  }
}

/** Share of the lines with as many cells as there are columns; 0 where the separator separates nothing. */
function shareThatFits(lines: readonly (readonly string[])[], columns: number | undefined): number {
  const width = columns ?? lines[0]?.length ?? 0;
  if (lines.length === 0 || (columns === undefined && width < 2)) return 0;
  return lines.filter(({ length }) => length === width).length / lines.length;
}

function columnsWithCommas(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).flatMap((_, column) => {
    const cells = rows.map(row => row[column] ?? '').filter(cell => cell.trim() !== '');
    const isDecimal = cells.some(cell => cell.includes(',')) && cells.every(cell => DECIMAL_COMMA.test(cell));
    return isDecimal ? [column] : [];
  });
}
