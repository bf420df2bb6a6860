import { extname } from 'node:path';
import type { Finding } from '../../core/errors.ts';
import type { Row } from '../../data/rows/row.ts';
import { spelledNumber } from '../../metrics/correlation.ts';
import { cellTexts, type DataCheck, type DataForm, type Part, placesOf, someOf } from './data-check.ts';
import { columnsOf, idNames } from './guess-task.ts';

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

/** Rows in which the model has nothing to read. */
export const checkEmptyTexts: DataCheck = (parts, { fields }) => {
  const empty = parts.flatMap(({ rows }) =>
    rows.filter(row => fields.every(name => cellTexts(row, name).length === 0)),
  );
  if (empty.length === 0) return [];
  const text = `${someOf(empty.length, parts, ['has', 'have'])} no text (${placesOf(empty)}): remove them`;
  return [{ severity: 'warning', text }];
};

/** Texts that stand twice: with different answers, within a file, and in two of them. */
export const checkCopies: DataCheck = (parts, form) => {
  const groups = parts.map(({ rows }) => Map.groupBy(rows, row => keyOf(row, form)));
  const findings = parts.flatMap((part, i) => [
    ...contradictions(part, groups[i]!, form),
    ...copiesWithin(part, groups[i]!, parts, form),
  ]);
  for (const [i, part] of parts.entries()) {
    for (const [j, earlier] of parts.slice(0, i).entries()) {
      const twins = part.rows.filter(row => groups[j]!.has(keyOf(row, form)));
      if (twins.length === 0) continue;
      const have = someOf(twins.length, [part], ['has', 'have']);
      const text = `${have} ${textOf(form)} that stands in the ${earlier.name} file, too (${placesOf(twins)})`;
      findings.push({ severity: 'serious', text: `${text}: the score will be too good` });
    }
  }
  return findings;
};

const keyOf = (row: Row, { fields }: DataForm): string => JSON.stringify(fields.map(name => cellTexts(row, name)));

/** What two rows have in common that are copies: all that the model reads of them. */
const textOf = ({ fields }: DataForm): string =>
  fields.length === 1 ? 'a text' : `texts (${fields.map(name => `"${name}"`).join(' and ')} together)`;

type Groups = ReadonlyMap<string, readonly Row[]>;

function contradictions({ name }: Part, groups: Groups, { label }: DataForm): Finding[] {
  const answers = (row: Row) => JSON.stringify(cellTexts(row, label).sort());
  const torn = [...groups.values()].filter(rows => new Set(rows.map(answers)).size > 1);
  if (torn.length === 0) return [];
  const isOne = torn.length === 1;
  const of = `${torn.length} of the ${groups.size.toLocaleString('en-US')} different texts of the ${name} file`;
  const at = `${isOne ? '' : 'for example '}at ${placesOf(torn[0]!)}`;
  const text = `${of} ${isOne ? 'has' : 'have'} more than one answer there, ${at}`;
  return [{ severity: 'warning', text }];
}

function copiesWithin(part: Part, groups: Groups, parts: readonly Part[], form: DataForm): Finding[] {
  const copies = part.rows.length - groups.size;
  if (copies === 0) return [];
  const [first, ...more] = [...groups.values()].find(({ length }) => length > 1)!;
  const repeat = someOf(copies, [part], ['repeats', 'repeat']);
  const example = `${copies === 1 ? '' : 'for example '}${placesOf(more)} that of ${placesOf([first!])}`;
  // Sets that have no file of their own are drawn from the validation file, and without it from the training file.
  const files = parts.map(({ name }) => name);
  const isDealt = !files.includes('test') && part.name === (files.includes('validation') ? 'validation' : 'train');
  const risk = 'sets are drawn from it, so copies may fall into two, and the score be too good';
  const then = isDealt ? risk : 'remove them';
  const text = `${repeat} ${textOf(form)} of an earlier row (${example}): ${then}`;
  return [{ severity: 'warning', text }];
}

/** Columns that say nothing of a row: the same everywhere, or only its number. */
export const checkColumns: DataCheck = (parts, { fields }) => {
  const rows = parts.flatMap(part => part.rows);
  return fields.flatMap((name): Finding[] => {
    const values = rows.map(row => cellTexts(row, name).join(' '));
    const different = new Set(values).size;
    if (rows.length > 1 && different === 1) {
      return [{ severity: 'warning', text: `the column "${name}" holds the same in every row: leave it out` }];
    }
    const isId = different === values.length && (idNames.test(name) || countsUp(values));
    return isId ? [{ severity: 'warning', text: `the column "${name}" only numbers the rows: leave it out` }] : [];
  });
};

function countsUp(values: readonly string[]): boolean {
  return (
    values.length > 2 && values.every((value, i) => /^\d+$/.test(value) && Number(value) === Number(values[0]) + i)
  );
}
