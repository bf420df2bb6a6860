import type { TextExample } from '../data/encode.ts';
import { readRows } from '../data/read-rows.ts';
import { InputError } from '../errors.ts';
import { type TextForm, toExample } from './text-form.ts';

/**
 * The rows of a data file in a task's text form.
 * @param columns names of the columns, for a table without a header line.
 * @throws InputError with file and line where the file is missing, malformed or empty.
 */
export async function readExamples(file: string, form: TextForm, columns?: readonly string[]): Promise<TextExample[]> {
  const examples = (await readRows(file, columns)).map(row => toExample(row, form));
  if (examples.length > 0) return examples;
  throw new InputError('this data file has no rows', { where: file, remedy: 'give a file with examples' });
}
