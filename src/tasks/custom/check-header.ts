import { extname } from 'node:path';
import type { Finding } from '../../core/errors.ts';
import { spelledNumber } from '../../metrics/correlation.ts';
import { cellTexts, type DataCheck, type Part } from './data-check.ts';
import { columnsOf } from './guess-task.ts';

/** Tables whose first line is taken for names where nothing else names the columns. */
export const tablesWithHeader: readonly string[] = ['.csv', '.tsv'];
/** More words than these are a text and hardly a name. */
const mostWords = 7;
/** Values that stand in so large a share of a column are its classes. */
const commonShare = 0.05;

/** Whether the first line of a table is a row: its cells are what the cells below them are. */
export const checkHeader: DataCheck = (parts, form) =>
  parts.flatMap((part): Finding[] => {
    const file = part.rows[0]?.file ?? '';
    if (!tablesWithHeader.includes(extname(file).toLowerCase())) return [];
    const columns = columnsOf(part.rows);
    const alike = columns.filter(name => !isNumbered(columns) && isLikeItsCells(name, part));
    // One name alone may be a coincidence, but for the classes and long texts, which no name is.
    const isSure = alike.some(name => name === form.label || wordsIn(name) > mostWords);
    const remedy = 'write names above it, or give a task.yaml with `columns: [text, label]`, the names of yours';
    if (alike.length >= 2 || isSure) {
      const text = `the first line of ${file} looks like a row, not like names of columns (${quoted(alike)})`;
      return [{ severity: 'serious', text: `${text}: ${remedy}` }];
    }
    // Where nothing below a first line is like it, only what it says by itself can tell.
    const unlikely = columns.filter(isHardlyAName);
    if (unlikely.length === 0) return [];
    const text = `the first line of ${file} is taken for names of columns, and may be a row (${quoted(unlikely)})`;
    return [{ severity: 'warning', text: `${text}: if it is, ${remedy}` }];
  });

const quoted = (names: readonly string[]): string =>
  names.map(name => JSON.stringify(name.length > 30 ? `${name.slice(0, 29)}…` : name)).join(', ');

/** A day, an address, or a sentence that ends as one; questions of a form do name columns. */
const isHardlyAName = (name: string): boolean =>
  /^\s*(\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}|https?:\/\/|\S+@\S+\.\S+$)/i.test(name) ||
  (wordsIn(name) > 2 && /[.!…]["'”»)]*\s*$/.test(name));

/** pandas numbers the columns that nobody has named: 0, 1, 2 … */
const isNumbered = (columns: readonly string[]): boolean => columns.every((name, i) => name === String(i));

const wordsIn = (text: string): number => text.trim().split(/\s+/).length;

function isLikeItsCells(name: string, { rows }: Part): boolean {
  const cells = rows.flatMap(row => cellTexts(row, name));
  if (cells.length === 0) return false;
  const isNumber = (text: string) => spelledNumber(text.trim().replace(',', '.')) !== undefined;
  if (isNumber(name)) return cells.every(isNumber);
  if (wordsIn(name) > mostWords) return cells.filter(cell => wordsIn(cell) > mostWords).length > cells.length / 2;
  return cells.filter(cell => cell === name).length >= Math.max(1, commonShare * cells.length);
}
