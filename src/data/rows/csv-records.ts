import { InputError } from '../../core/errors.ts';
import { escapePattern } from '../../core/format.ts';
import type { Cutter } from './chunk-parser.ts';
import type { TableLine } from './columns.ts';

const LINE_END = /\r\n|\r|\n/g;

/**
 * Cuts text into lines of cells by a separator of one character; a quoted cell may hold anything.
 * @param firstLine number of the text's first line
 */
export function cutRecords(file: string, separator: string, firstLine: number = 1): Cutter<TableLine> {
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
