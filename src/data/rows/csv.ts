import { InputError } from '../../core/errors.ts';
import { escapePattern } from '../../core/format.ts';
import { type Cutter, cutText, type KnownColumns, rowCutter, type TableLine } from './cutters.ts';
import type { Row } from './row.ts';

/**
 * Rows of separated text as RFC 4180 has it: a cell in double quotes may hold separators, line ends and doubled quotes.
 * Empty lines are passed over. Without `columns` the first line names them. The first lines tell the separator (a
 * comma, a semicolon, a tab or `|`) and whether numbers have decimal commas, which become points.
 * @throws InputError where a quote is left open, text follows a closing quote, or a line has another number of columns.
 */
export function parseCsv(text: string, file: string, known: KnownColumns = {}): Row[] {
  return cutText(text, rowCutter(csvCutter(file, known), file, known));
}

/** Its lines as they come, cut into cells; the first ones are held back until they tell how the file is written. */
export function csvCutter(file: string, known?: KnownColumns): Cutter<TableLine> {
  let head = '';
  let cut: Cutter<TableLine> | undefined;
  return function* (piece, isLast) {
    if (cut !== undefined) return yield* cut(piece, isLast);
    head += piece;
    if (!isLast && head.length < HEAD_LENGTH) return;
    const { separator, skipped, decimalCommas } = sniffDialect(head, isLast && head.length <= HEAD_LENGTH, known);
    const lines = cutRecords(file, separator, skipped > 0 ? 2 : 1);
    cut = decimalCommas.size === 0 ? lines : withPoints(lines, decimalCommas);
    yield* cut(head.slice(skipped), isLast);
    head = '';
  };
}

function withPoints(lines: Cutter<TableLine>, columns: ReadonlySet<number>): Cutter<TableLine> {
  return function* (piece, isLast) {
    for (const { line, cells } of lines(piece, isLast)) {
      const read = cells.map((cell, i) => (columns.has(i) ? withDecimalPoint(cell) : cell));
      yield { line, cells: read, written: cells };
    }
  };
}

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

const LINE_END = /\r\n|\r|\n/g;

/**
 * Cuts text into lines of cells by a separator of one character; a quoted cell may hold anything.
 * @param firstLine number of the text's first line
 */
function cutRecords(file: string, separator: string, firstLine: number = 1): Cutter<TableLine> {
  const plain = new RegExp(`[^${escapePattern(separator)}\\r\\n]*`, 'y');
  const cellEnd = new RegExp(`${escapePattern(separator)}|\\r\\n|\\r|\\n|$`, 'y');
  let rest = '';
  // A long cell is not looked at again until there is twice as much of it: that keeps the work linear.
  let wanted = 0;
  return function* (piece, isLast) {
    const text = rest + piece;
    rest = text;
    if (!isLast && text.length < wanted) return;
    let [begin, at, line] = [0, 0, firstLine];
    let cells: string[] = [];
    while (at < text.length || cells.length > 0) {
      const isQuoted = text[at] === '"';
      const stop = isQuoted ? closingQuote(text, at) + 1 : endOf(plain, text, at)!;
      const isOpen = isQuoted && stop === 0;
      const end = isOpen ? undefined : endOf(cellEnd, text, stop);
      // What reaches the end of the text may go on in the next piece.
      if (!isLast && (isOpen || end === text.length)) break;
      if (end === undefined) throw malformed(isOpen, `${file}:${line}`);
      cells.push(isQuoted ? text.slice(at + 1, stop - 1).replaceAll('""', '"') : text.slice(at, stop));
      line += text.slice(at, end).match(LINE_END)?.length ?? 0;
      at = end;
      if (text[stop] === separator) continue;
      const isEmpty = cells.length === 1 && cells[0] === '' && !isQuoted;
      if (!isEmpty) yield { line: firstLine, cells };
      [begin, firstLine, cells] = [at, line, []];
    }
    rest = text.slice(begin);
    wanted = begin === 0 ? 2 * text.length : 0;
  };
}

/** Where a match that begins at a place ends; undefined where there is none. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/**
 * Where the quoted cell that begins at a place is closed: a quote that another one follows is a doubled one. −1:
 * nowhere.
 */
function closingQuote(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote >= 0 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}

function malformed(isOpen: boolean, where: string): InputError {
  return new InputError(isOpen ? 'a quote is never closed' : 'text follows a closing quote', {
    code: 'unreadable-csv',
    where,
    remedy: 'inside a quoted cell write a quotation mark twice ("")',
  });
}
