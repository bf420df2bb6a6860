import { type Cutter, cutText } from './chunk-parser.ts';
import { type KnownColumns, rowCutter, type TableLine } from './columns.ts';
import { HEAD_LENGTH, sniffDialect, withDecimalPoint } from './csv-dialect.ts';
import { cutRecords } from './csv-records.ts';
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
