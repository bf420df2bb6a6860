import { type Cutter, columnNamer, cutText, type KnownColumns, lineCutter, type TableLine } from './cutters.ts';
import type { Row } from './row.ts';

/**
 * Rows of tab-separated text as GLUE writes it: there are no quotes, so a quotation mark is data. Empty lines are
 * passed over. Without `columns` the first line names them.
 * @param passOverShortLines leaves out lines with too few cells: GLUE's QQP has some that were broken when it was made.
 * @throws InputError where a line has another number of columns.
 */
export function parseTsv(
  text: string,
  file: string,
  known: KnownColumns = {},
  passOverShortLines: boolean = false,
): Row[] {
  const lines = cutText(text, tsvCutter());
  const width = known.columns?.length ?? lines[0]?.cells.length ?? 0;
  const whole = passOverShortLines ? lines.filter(({ cells }) => cells.length >= width) : lines;
  return whole.flatMap(columnNamer(file, known));
}

/** Its lines as they come, cut into cells. */
export function tsvCutter(): Cutter<TableLine> {
  const cutLines = lineCutter();
  return function* (piece, isLast) {
    for (const { line, text } of cutLines(piece, isLast)) {
      if (text !== '') yield { line, cells: text.split('\t') };
    }
  };
}
