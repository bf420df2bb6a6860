import type { Example } from '../data/example.ts';
import { readSomeRows } from '../data/rows/read-rows.ts';
import { findValue, type Row } from '../data/rows/row.ts';
import { fieldsOf, type ReadOptions, type RowForm, toExample } from './row-form.ts';

/**
 * The rows that a row stands for: itself where it has the fields that are asked for, else what it is unnested
 * to.
 */
export function expanded(row: Row, fields: readonly string[], { unnest }: ReadOptions): readonly Row[] {
  const isFlat = unnest === undefined || fields.every(name => findValue(row, name) !== undefined);
  return isFlat ? [row] : unnest(row);
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
  return (await readLabelledRows(files, form, options)).map(row => toExample(row, form));
}

/** The rows themselves. @throws InputError as `readExamples`, but for what an example may lack */
export async function readLabelledRows(
  files: readonly string[],
  form: Pick<RowForm, 'segments'>,
  options: ReadOptions = {},
): Promise<Row[]> {
  const found: Row[] = [];
  const fields = fieldsOf(form.segments);
  for (const file of files) {
    for (const row of await readSomeRows(file, options)) found.push(...expanded(row, fields, options));
  }
  return found;
}
