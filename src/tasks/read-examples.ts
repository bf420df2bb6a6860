import { InputError } from '../core/errors.ts';
import type { Example } from '../data/example.ts';
import { readRows, type TableOptions } from '../data/rows/read-rows.ts';
import type { Row } from '../data/rows/row.ts';
import { type RowForm, toExample } from './row-form.ts';

/** How a data file is read. */
export interface ReadOptions extends TableOptions {
  /** From a row of the file to the rows it stands for, where one holds several examples. */
  readonly unnest?: ((row: Row) => readonly Row[]) | undefined;
}

/**
 * The rows of data files, one after the other, as a task's examples.
 * @throws InputError with file and line where a file is missing, malformed or empty.
 */
export async function readExamples(
  files: readonly string[],
  form: RowForm,
  options: ReadOptions = {},
): Promise<Example[]> {
  const examples: Example[] = [];
  for (const file of files) {
    const rows = await readRows(file, options);
    if (rows.length === 0) {
      throw new InputError('this data file has no rows', {
        code: 'empty-data',
        where: file,
        remedy: 'give a file with examples',
      });
    }
    for (const row of options.unnest === undefined ? rows : rows.flatMap(options.unnest)) {
      examples.push(toExample(row, form));
    }
  }
  return examples;
}
