import { InputError } from '../errors.ts';
import { nameColumns, type TableLine } from './columns.ts';
import type { Row } from './row.ts';

/**
 * Rows of comma-separated text as RFC 4180 has it: a cell in double quotes may hold commas, line ends and doubled
 * quotes. Empty lines are passed over. Without `columns` the first line names them.
 * @throws InputError where a quote is left open, text follows a closing quote, or a line has another number of columns.
 */
export function parseCsv(text: string, file: string, columns?: readonly string[]): Row[] {
  return nameColumns(cutLines(text.replace(/^\uFEFF/, ''), file), file, columns);
}

// A cell (quoted, or up to the next separator) and what ends it: a comma, a line end or the end of the text.
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n][^,\r\n]*|))(,|\r\n|\r|\n|$)/y;
const LINE_END = /\r\n|\r|\n/g;

function cutLines(text: string, file: string): TableLine[] {
  const lines: TableLine[] = [];
  let line = 1;
  let cells: string[] = [];
  let firstLine = 1;
  CELL.lastIndex = 0;
  while (CELL.lastIndex < text.length || cells.length > 0) {
    const start = CELL.lastIndex;
    const cell = CELL.exec(text);
    if (cell === null) throw malformed(text, start, file, line);
    const [whole, quoted, plain, end] = cell;
    cells.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    line += whole.match(LINE_END)?.length ?? 0;
    if (end === ',') continue;
    const isEmpty = cells.length === 1 && cells[0] === '' && quoted === undefined;
    if (!isEmpty) lines.push({ line: firstLine, cells });
    cells = [];
    firstLine = line;
  }
  return lines;
}

function malformed(text: string, start: number, file: string, line: number): InputError {
  const closed = /^"[^"]*(?:""[^"]*)*"/.test(text.slice(start));
  return new InputError(closed ? 'text follows a closing quote' : 'a quote is never closed', {
    where: `${file}:${line}`,
    remedy: 'inside a quoted cell write a quotation mark twice ("")',
  });
}
