import type { z } from 'zod';
import { InputError } from '../../core/errors.ts';

/** One row of a data file. */
export interface Row {
  /** The file as it was named, for messages. */
  readonly file: string;
  /** Line where the row begins, from 1; in a JSON document the entry's number. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Cells as the file has them, where they are read otherwise: numbers with a decimal comma. */
  readonly written?: Readonly<Record<string, string>>;
}

const listedColumns = 12;

/** Names of columns for messages: of many the first. */
export function columnList(names: readonly string[]): string {
  const more = names.length - listedColumns;
  const listed = quoted(names.slice(0, listedColumns), ', ');
  return more > 0 ? `${listed} and ${more} more` : listed;
}

/** Place of a row for messages: `train.tsv:7`. */
export function placeOf(row: Row): string {
  return `${row.file}:${row.line}`;
}

/**
 * Value of a field under the first of its names that the row has. `idx.question` is the field `question` of the struct
 * `idx`, unless a column has that very name.
 * @throws InputError naming file, line and the columns there are, where it has none of them.
 */
export function fieldValue(row: Row, ...names: readonly string[]): unknown {
  for (const name of names) {
    const value = findValue(row, name);
    if (value !== undefined) return value;
  }
  throw new InputError(`no column ${quoted(names, ' or ')}`, {
    code: 'missing-column',
    where: placeOf(row),
    remedy: `the columns here are ${columnList(Object.keys(row.fields))}`,
  });
}

/** The same, of one name; undefined where the row has no such field. */
export function findValue({ fields }: Row, name: string): unknown {
  return own(fields, name) ?? name.split('.').reduce<unknown>(own, fields);
}

/**
 * Text of a field; numbers and booleans as JSON writes them. Null and NaN are the empty text, which they are in a csv.
 * @throws InputError naming file, line and the columns there are, where the field is missing or holds no text.
 */
export function fieldText(row: Row, ...names: readonly string[]): string {
  const value = fieldValue(row, ...names);
  return value === null || Number.isNaN(value) ? '' : asText(value, row, names);
}

function asText(value: unknown, row: Row, names: readonly string[]): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new InputError(`${quoted(names, ' or ')} holds no text`, {
    code: 'wrong-field-type',
    where: placeOf(row),
    remedy: 'a field must be text, a number, true or false',
  });
}

/**
 * Texts of a field that holds a list of them.
 * @throws InputError naming file and line where the field is missing or holds something else.
 */
export function fieldTexts(row: Row, ...names: readonly string[]): string[] {
  const value = fieldValue(row, ...names);
  if (Array.isArray(value)) return value.map(each => asText(each, row, names.slice(0, 1)));
  throw new InputError(`${quoted(names, ' or ')} holds no list`, {
    code: 'wrong-field-type',
    where: placeOf(row),
    remedy: 'write ["one", "another"]',
  });
}

function own(fields: unknown, name: string): unknown {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return undefined;
  return (fields as Record<string, unknown>)[name];
}

function quoted(names: readonly string[], separator: string): string {
  return names.map(name => `"${name}"`).join(separator);
}

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
