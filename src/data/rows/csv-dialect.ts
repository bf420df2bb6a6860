import type { KnownColumns } from './columns.ts';
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

/** Of two that would do the first is taken: the one that is rarer in prose, and no decimal comma. */
const COMMA = ',';
const SEPARATORS = ['\t', '|', ';', COMMA];
const SEPARATOR_LINE = /^"?sep=(.)"?(\r\n|\r|\n)/i;

/**
 * Tells how a file is written by its first lines: the separator is the one that cuts them into as many cells as there
 * are columns, or into equally many. Where none does, it is a comma. Numbers have decimal commas where no comma
 * separates, and a column holds nothing else.
 * @param isWhole whether the head is the whole file
 * @param known the columns, where the file may not begin with their names
 */
export function sniffDialect(head: string, isWhole: boolean, { columns, mayLack }: KnownColumns = {}): CsvDialect {
  const said = SEPARATOR_LINE.exec(head);
  const skipped = said?.[0].length ?? 0;
  const text = head.slice(skipped, HEAD_LENGTH);
  const separators = said === null ? SEPARATORS : [said[1]!];
  const read = separators.map(separator => ({ separator, records: records(text, separator, isWhole) }));
  const widths = columns === undefined ? [] : [columns.length, columns.length - (mayLack === undefined ? 0 : 1)];
  const [best] = read
    .map(each => {
      const known = Math.max(0, ...widths.map(width => shareThatFits(each.records, width)));
      return { ...each, known, fit: Math.max(known, shareThatFits(each.records, each.records[0]?.length)) };
    })
    .sort((a, b) => b.fit - a.fit || b.known - a.known);
  const separates = said !== null || best!.fit > 0;
  const { separator, records: lines } = separates ? best! : read.at(-1)!;
  // The first line may be one of names, also where the columns are known.
  const rows = columns !== undefined && lines.length === 1 ? lines : lines.slice(1);
  return { separator, skipped, decimalCommas: new Set(separator === COMMA ? [] : columnsWithCommas(rows)) };
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

/** Share of the lines with as many cells; 0 where the separator separates nothing. */
function shareThatFits(lines: readonly (readonly string[])[], width: number = 0): number {
  if (lines.length === 0 || width < 2) return 0;
  return lines.filter(({ length }) => length === width).length / lines.length;
}

function columnsWithCommas(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).flatMap((_, column) => {
    const cells = rows.map(row => row[column] ?? '').filter(cell => cell.trim() !== '');
    const isDecimal = cells.some(cell => cell.includes(',')) && cells.every(cell => DECIMAL_COMMA.test(cell));
    return isDecimal ? [column] : [];
  });
}
