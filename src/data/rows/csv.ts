import { InputError } from '../../core/errors.ts';
import { type Cutter, cutText } from './chunk-parser.ts';
import { rowCutter, type TableLine } from './columns.ts';
import type { Row } from './row.ts';

/**
 * Rows of comma-separated text as RFC 4180 has it: a cell in double quotes may hold commas, line ends and doubled
 * quotes. Empty lines are passed over. Without `columns` the first line names them.
 * @throws InputError where a quote is left open, text follows a closing quote, or a line has another number of columns.
 */
export function parseCsv(text: string, file: string, columns?: readonly string[]): Row[] {
  return cutText(text, rowCutter(csvCutter(file), file, columns));
}

const PLAIN = /[^,\r\n]*/y;
const SEPARATOR = /,|\r\n|\r|\n|$/y;
const LINE_END = /\r\n|\r|\n/g;

/** Its lines as they come, cut into cells. */
export function csvCutter(file: string): Cutter<TableLine> {
  let rest = '';
  let firstLine = 1;
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
      const stop = isQuoted ? closingQuote(text, at) + 1 : endOf(PLAIN, text, at)!;
      const isOpen = isQuoted && stop === 0;
      const end = isOpen ? undefined : endOf(SEPARATOR, text, stop);
      // What reaches the end of the text may go on in the next piece.
      if (!isLast && (isOpen || end === text.length)) break;
      if (end === undefined) throw malformed(isOpen, `${file}:${line}`);
      cells.push(isQuoted ? text.slice(at + 1, stop - 1).replaceAll('""', '"') : text.slice(at, stop));
      line += text.slice(at, end).match(LINE_END)?.length ?? 0;
      at = end;
      if (text[stop] === ',') continue;
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

/** Where the quoted cell that begins at a place is closed: a quote that another one follows is a doubled one. −1: nowhere. */
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
