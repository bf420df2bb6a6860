import type { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { placeOf, type Row } from './row.ts';

/**
 * The rows that one nested row stands for, all of its line.
 * @param expand from the checked row to the fields of each
 * @throws InputError with file and line where the row has another form than `schema`.
 */
export function unnest<T>(row: Row, schema: z.ZodType<T>, expand: (value: T) => readonly Row['fields'][]): Row[] {
  const parsed = schema.safeParse(row.fields);
  if (parsed.success) return expand(parsed.data).map(fields => ({ ...row, fields }));
  const issue = parsed.error.issues[0]!;
  throw new InputError(`\`${issue.path.join('.')}\`: ${issue.message}`, {
    code: 'wrong-field-type',
    where: placeOf(row),
    remedy: 'the row is cut off or of another data set: download the file again',
    cause: parsed.error,
  });
}
