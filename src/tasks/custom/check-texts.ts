import type { Finding } from '../../core/finding.ts';
import type { Row } from '../../data/rows/row.ts';
import { cellTexts, placesOf, rowCount } from './cells.ts';
import type { DataCheck, DataForm, Part } from './data-check.ts';
import { idNames } from './guess-task.ts';

/** Rows in which the model has nothing to read. */
export const checkEmptyTexts: DataCheck = (parts, { fields }) => {
  const empty = parts.flatMap(({ rows }) =>
    rows.filter(row => fields.every(name => cellTexts(row, name).length === 0)),
  );
  if (empty.length === 0) return [];
  const text = `${rowCount(empty.length)} without any text: ${placesOf(empty)}; remove them`;
  return [{ severity: 'warning', text }];
};

/** Texts that stand twice: with different answers, within a file, and in two of them. */
export const checkCopies: DataCheck = (parts, form) => {
  const groups = parts.map(({ rows }) => Map.groupBy(rows, row => keyOf(row, form)));
  const findings = parts.flatMap((part, i) => [
    ...contradictions(part, groups[i]!, form),
    ...copiesWithin(part, groups[i]!, parts),
  ]);
  for (const [i, part] of parts.entries()) {
    for (const [j, earlier] of parts.slice(0, i).entries()) {
      const twins = part.rows.filter(row => groups[j]!.has(keyOf(row, form)));
      if (twins.length === 0) continue;
      const text = `${rowCount(twins.length)} of the ${part.name} file with a text of the ${earlier.name} file`;
      findings.push({ severity: 'serious', text: `${text} (${placesOf(twins)}): the score will be too good` });
    }
  }
  return findings;
};

const keyOf = (row: Row, { fields }: DataForm): string => JSON.stringify(fields.map(name => cellTexts(row, name)));

type Groups = ReadonlyMap<string, readonly Row[]>;

function contradictions({ name }: Part, groups: Groups, { label }: DataForm): Finding[] {
  const answers = (row: Row) => JSON.stringify(cellTexts(row, label).sort());
  const torn = [...groups.values()].filter(rows => new Set(rows.map(answers)).size > 1);
  if (torn.length === 0) return [];
  const texts = torn.length === 1 ? 'a text has' : `${torn.length} texts have`;
  const text = `${texts} different answers in the ${name} file, for example at ${placesOf(torn[0]!)}`;
  return [{ severity: 'warning', text }];
}

function copiesWithin({ name, rows }: Part, groups: Groups, parts: readonly Part[]): Finding[] {
  const copies = rows.length - groups.size;
  if (copies === 0) return [];
  const [twins] = [...groups.values()].filter(({ length }) => length > 1);
  const text = `${rowCount(copies)} of the ${name} file with the text of another (${placesOf(twins!)})`;
  // The sets that have no file of their own are drawn from this one.
  const isDealt = name !== 'test' && !parts.some(part => part.name === 'test');
  const then = isDealt ? 'copies may fall into training and test, and the score be too good' : 'remove the copies';
  return [{ severity: 'warning', text: `${text}: ${then}` }];
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
