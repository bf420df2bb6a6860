import { extname } from 'node:path';
import leven from 'leven';
import type { Finding } from '../../core/errors.ts';
import { hasDecimalComma } from '../../data/rows/csv.ts';
import type { Row } from '../../data/rows/row.ts';
import { spelledNumber } from '../../metrics/correlation.ts';
import { cellTexts, type DataCheck, type DataForm, type Part, placesOf, rowsOf, someOf } from './data-check.ts';
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

const fewRows = 5;
const classesTold = 12;

/** Rows without an answer, how many have each, and those that all have the same one. */
export const checkClasses: DataCheck = (parts, form) => {
  const all = parts.flatMap(({ rows }) => rows);
  const unanswered = all.filter(row => cellTexts(row, form.label).length === 0);
  const findings: Finding[] = [];
  if (unanswered.length > 0) {
    const text = `${someOf(unanswered.length, parts, ['has', 'have'])} no answer in "${form.label}"`;
    findings.push({ severity: 'error', text: `${text} (${placesOf(unanswered)}): remove them or give them one` });
  }
  const train = parts.find(({ name }) => name === 'train')?.rows ?? [];
  const answers = new Set(
    train.flatMap(row => cellTexts(row, form.label).map(label => form.labels?.get(label) ?? label)),
  );
  if (answers.size === 1) {
    const [answer] = answers;
    const text = `every training row has the answer "${answer}", so there is nothing to learn`;
    return [{ severity: 'error', text: `${text}: give rows with another` }, ...findings];
  }
  if (form.labels === undefined) return [...findings, ...decimalCommas([...answers], form.label)];
  return [...findings, ...unknownLabels(parts, form), ...classCounts(train, parts, form)];
};

function decimalCommas(answers: readonly string[], label: string): Finding[] {
  const written = answers.filter(hasDecimalComma);
  if (written.length === 0 || written.length < answers.length / 2) return [];
  const text = `the answers in "${label}" look like numbers with decimal commas, for example ${written[0]}`;
  return [{ severity: 'serious', text: `${text}, and are learnt as texts: write them with a point` }];
}

function classCounts(
  train: readonly Row[],
  parts: readonly Part[],
  { label, labels, labelPlaces }: DataForm,
): Finding[] {
  const trainFile: Part[] = [{ name: 'train', rows: train }];
  const counts = countLabels(trainFile, label);
  for (const known of labels!.keys()) if (!counts.has(known)) counts.set(known, 0);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const told = sorted.slice(0, classesTold).map(([name, count]) => `${name} ${count.toLocaleString('en-US')}`);
  const more = sorted.length > classesTold ? ` and ${sorted.length - classesTold} more` : '';
  const share = ((100 * sorted[0]![1]) / train.length).toFixed(1);
  const rare = sorted.filter(([name, count]) => labels!.has(name) && count < fewRows);
  const drawn = (['validation', 'test'] as const).filter(
    set => !parts.some(({ name }) => name === set || name === 'validation'),
  );
  const before = drawn.length === 0 ? '' : `, before those of ${drawn.join(' and ')} are drawn from them`;
  return [
    { severity: 'note', text: `classes of the ${rowsOf(trainFile)}${before}: ${told.join(', ')}${more}` },
    {
      severity: 'note',
      text: `always answering "${sorted[0]![0]}" is right in ${share} % of these: a run must beat that`,
    },
    ...rare.map(([name, count]): Finding => {
      const place = labelPlaces?.get(name);
      const there = place === undefined ? '' : ` from \`labels\` (${place})`;
      const text =
        count === 0
          ? `no row of the train file has the label "${name}": give it some, or remove it${there}`
          : `${someOf(count, trainFile, ['has', 'have'])} the label "${name}": give it more, or leave it out`;
      return { severity: 'warning', text };
    }),
  ];
}

function unknownLabels(parts: readonly Part[], { label, labels, labelPlaces }: DataForm): Finding[] {
  const last = [...(labelPlaces?.values() ?? [])].at(-1);
  const added = `add it to the task file's \`labels\`${last === undefined ? '' : ` (after ${last})`}`;
  return [...labelRows(parts, label)]
    .filter(([name]) => !labels!.has(name))
    .map(([name, rows]) => {
      const like = [...labels!.keys()].find(known => isLike(name, known));
      const where = `${rows.length.toLocaleString('en-US')} of the ${rowsOf(parts)}, ${placesOf(rows)}`;
      const remedy = like === undefined ? added : `did you mean "${like}"? Then write it so there; else ${added}`;
      return { severity: 'error', text: `${JSON.stringify(name)} (${where}) is none of the labels: ${remedy}` };
    });
}

/** Labels that a slip of the pen has made two of one. */
export const checkSpellings: DataCheck = (parts, { label, labels, labelPlaces }) => {
  if (labels === undefined) return [];
  const known = [...labelRows(parts, label)].filter(([name]) => labels.has(name));
  const pairs = known.flatMap(([a, rows], i) => known.slice(i + 1).map(([b, others]) => [a, rows, b, others] as const));
  return pairs.flatMap(([a, rows, b, others]): Finding[] => {
    if (labels.get(a) === labels.get(b)) return [];
    const [rare, rareRows, usual, usualRows] =
      rows.length < others.length ? [a, rows, b, others] : [b, others, a, rows];
    const isFolded = folded(a) === folded(b);
    const isSlip = rareRows.length <= Math.max(1, usualRows.length * rareShare) && isLike(rare, usual);
    if (!isFolded && !isSlip) return [];
    const count = rareRows.length.toLocaleString('en-US');
    const one = `the label "${rare}" (${count} of the ${rowsOf(parts)}, ${placesOf(rareRows)})`;
    const other = `"${usual}" (${usualRows.length.toLocaleString('en-US')} of them)`;
    const place = labelPlaces?.get(rare);
    const line = place === undefined ? '' : `, then remove "${rare}" from \`labels\` (${place})`;
    const text = isFolded
      ? `${one} differs from ${other} in blanks or case only: write them alike${line}`
      : `${one}: did you mean ${other}? Then write it so there${line}`;
    return [{ severity: 'serious', text }];
  });
};

const rareShare = 0.1;

function isLike(name: string, other: string): boolean {
  const [a, b] = [folded(name), folded(other)];
  const length = Math.min(a.length, b.length);
  // Of short labels and of numbers another one is near at hand.
  if (length < 4 || /^[\d.,+-]*$/.test(a)) return a === b;
  return leven(a, b) <= (length < 6 ? 1 : 2);
}

const folded = (label: string): string => label.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();

function countLabels(parts: readonly Part[], label: string): Map<string, number> {
  return new Map([...labelRows(parts, label)].map(([name, rows]) => [name, rows.length]));
}

/** The rows of each label, in the order in which labels come up. */
function labelRows(parts: readonly Part[], label: string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of parts.flatMap(({ rows }) => rows)) {
    for (const name of cellTexts(row, label)) {
      const rows = found.get(name);
      if (rows === undefined) found.set(name, [row]);
      else rows.push(row);
    }
  }
  return found;
}
