import { nameColumns } from './columns.ts';
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
  columns?: readonly string[],
  passOverShortLines: boolean = false,
): Row[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((raw, i) => ({ line: i + 1, text: raw.endsWith('\r') ? raw.slice(0, -1) : raw }))
    .filter(({ text }) => text !== '')
    .map(({ line, text }) => ({ line, cells: text.split('\t') }));
  const width = columns?.length ?? lines[0]?.cells.length ?? 0;
  const whole = passOverShortLines ? lines.filter(({ cells }) => cells.length >= width) : lines;
  return nameColumns(whole, file, columns);
}
