import { InputError } from '../errors.ts';

/** One row of a data file. */
export interface Row {
  /** The file as it was named, for messages. */
  readonly file: string;
  /** Line where the row begins, from 1; in a JSON document the entry's number. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Place of a row for messages: `train.tsv:7`. */
export function placeOf(row: Row): string {
  return `${row.file}:${row.line}`;
}

/**
 * Text of a field; numbers and booleans as JSON writes them.
 * @throws InputError naming file, line and the columns there are, where the field is missing or holds no text.
 */
export function fieldText(row: Row, name: string): string {
  const value = Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) {
    throw new InputError(`no column "${name}"`, {
      where: placeOf(row),
      remedy: `the columns here are ${Object.keys(row.fields)
        .map(column => `"${column}"`)
        .join(', ')}`,
    });
  }
  throw new InputError(`"${name}" holds no text`, {
    where: placeOf(row),
    remedy: 'a field must be text, a number, true or false',
  });
}
