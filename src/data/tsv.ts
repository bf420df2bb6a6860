import { nameColumns } from './columns.ts';
import type { Row } from './row.ts';

/**
 * Rows of tab-separated text as GLUE writes it: there are no quotes, so a quotation mark is data. Empty lines are
 * passed over. Without `columns` the first line names them.
 * @throws InputError where a line has another number of columns.
 */
export function parseTsv(text: string, file: string, columns?: readonly string[]): Row[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((raw, i) => ({ line: i + 1, text: raw.endsWith('\r') ? raw.slice(0, -1) : raw }))
    .filter(({ text }) => text !== '')
    .map(({ line, text }) => ({ line, cells: text.split('\t') }));
  return nameColumns(lines, file, columns);
}
