import { InputError } from '../errors.ts';
import type { Row } from './row.ts';

/** One line of a table, cut into cells. */
export interface TableLine {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Names the cells of a table's lines. Without `columns` the first line holds the names.
 * @throws InputError where a line has another number of cells than there are columns, or a name stands twice.
 */
export function nameColumns(lines: readonly TableLine[], file: string, columns?: readonly string[]): Row[] {
  const names = columns ?? lines[0]?.cells ?? [];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(`two columns are named "${twice}"`, { where: `${file}:1`, remedy: 'rename one of them' });
  }
  return lines.slice(columns ? 0 : 1).map(({ line, cells }) => {
    if (cells.length !== names.length) {
      throw new InputError(`this line has ${cells.length} columns, ${names.length} are expected`, {
        where: `${file}:${line}`,
        remedy: `the columns are ${names.map(name => `"${name}"`).join(', ')}`,
      });
    }
    return { file, line, fields: Object.fromEntries(names.map((name, i) => [name, cells[i]])) };
  });
}
