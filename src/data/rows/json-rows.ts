import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import type { Row } from './row.ts';

const record = z.record(z.string(), z.unknown());

/**
 * Rows of JSON lines: one object a line; empty lines are passed over.
 * @throws InputError where a line is no JSON or no object.
 */
export function parseJsonLines(text: string, file: string): Row[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((content, i) => ({ content, line: i + 1 }))
    .filter(({ content }) => content.trim() !== '')
    .map(({ content, line }) => parseJsonLine(content, file, line));
}

/** One line of JSON lines as a row. @throws InputError where it is no JSON or no object. */
export function parseJsonLine(content: string, file: string, line: number): Row {
  return { file, line, fields: asFields(parse(content, `${file}:${line}`), `${file}:${line}`) };
}

/**
 * Rows of one JSON document: a list of objects, an object of objects (`{"0": {…}, "1": {…}}`), the same by columns as
 * pandas writes it (`{"text": {"0": …, "1": …}, …}`), or one row, an object that holds anything else. `line` is the
 * entry's number, from 1.
 * @throws InputError where it is no JSON, an entry is no object, or the columns and the cells stand apart.
 */
export function parseJsonDocument(text: string, file: string): Row[] {
  const document = parse(text.replace(/^\uFEFF/, ''), file);
  if (typeof document !== 'object' || document === null) {
    throw new InputError('this JSON document holds no list of rows', {
      code: 'unreadable-rows',
      where: file,
      remedy: 'write [{"column": "value", …}, …]',
    });
  }
  if (isSplit(document)) {
    throw new InputError('this JSON document holds columns and cells apart, not rows', {
      code: 'unreadable-rows',
      where: file,
      remedy: "write rows: pandas does with to_json(path, orient='records')",
    });
  }
  const entries = Object.values(rowsOfColumns(document) ?? document);
  const isRow = !Array.isArray(document) && !entries.every(entry => record.safeParse(entry).success);
  return (isRow ? [document] : entries).map((entry, i) => ({
    file,
    line: i + 1,
    fields: asFields(entry, `${file}:${i + 1}`),
  }));
}

/** What pandas writes with orient='split'. */
const isSplit = (document: object) =>
  ['columns', 'index', 'data'].every(key => Array.isArray((document as Record<string, unknown>)[key]));

const numbered = z.record(z.string().regex(/^\d+$/), z.unknown());
const byColumns = z.record(z.string(), numbered);

/**
 * The rows of a table that is written by columns, each an object from the row's number to the cell; undefined where it
 * is not.
 */
function rowsOfColumns(document: object): Record<string, unknown>[] | undefined {
  const columns = Object.entries(byColumns.safeParse(document).data ?? {});
  const numbers = Object.keys(columns[0]?.[1] ?? {});
  // Where the outer keys are numbers, too, they number rows.
  const isByColumns =
    numbers.length > 0 &&
    columns.some(([name]) => !/^\d+$/.test(name)) &&
    columns.every(([, cells]) => Object.keys(cells).length === numbers.length && numbers.every(i => i in cells));
  if (!isByColumns) return undefined;
  return numbers.map(i => Object.fromEntries(columns.map(([name, cells]) => [name, cells[i]])));
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`not valid JSON (${(cause as Error).message})`, {
      code: 'invalid-json',
      where,
      remedy: 'the file may be cut off, or of another format than its name says',
      cause,
    });
  }
}

function asFields(value: unknown, where: string): Record<string, unknown> {
  const fields = record.safeParse(value);
  if (fields.success) return fields.data;
  throw new InputError('this row is no JSON object', {
    code: 'unreadable-rows',
    where,
    remedy: 'write {"column": "value", …}',
  });
}
