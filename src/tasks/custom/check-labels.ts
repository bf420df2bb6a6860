import leven from 'leven';
import type { Finding } from '../../core/finding.ts';
import { hasDecimalComma } from '../../data/rows/csv-dialect.ts';
import type { Row } from '../../data/rows/row.ts';
import { cellTexts, placesOf, rowCount } from './cells.ts';
import type { DataCheck, DataForm, Part } from './data-check.ts';

const fewRows = 5;
const classesTold = 12;

/** Rows without an answer, how many have each, and those that all have the same one. */
export const checkClasses: DataCheck = (parts, form) => {
  const all = parts.flatMap(({ rows }) => rows);
  const unanswered = all.filter(row => cellTexts(row, form.label).length === 0);
  const findings: Finding[] = [];
  if (unanswered.length > 0) {
    const text = `${rowCount(unanswered.length)} without an answer in "${form.label}": ${placesOf(unanswered)}`;
    findings.push({ severity: 'error', text: `${text}; remove them or give them one` });
  }
  const train = parts.find(({ name }) => name === 'train')?.rows ?? [];
  const answers = countBy(train, row => cellTexts(row, form.label).map(label => form.labels?.get(label) ?? label));
  if (answers.size === 1) {
    const [[answer]] = answers as unknown as [[string]];
    const text = `every training row has the answer "${answer}", so there is nothing to learn`;
    return [{ severity: 'error', text: `${text}: give rows with another` }, ...findings];
  }
  if (form.labels === undefined) return [...findings, ...decimalCommas([...answers.keys()], form.label)];
  return [...findings, ...unknownLabels(parts, form), ...classCounts(train, form)];
};

function decimalCommas(answers: readonly string[], label: string): Finding[] {
  const written = answers.filter(hasDecimalComma);
  if (written.length === 0 || written.length < answers.length / 2) return [];
  const text = `the answers in "${label}" look like numbers with decimal commas, for example ${written[0]}`;
  return [{ severity: 'serious', text: `${text}, and are learnt as texts: write them with a point` }];
}

function classCounts(train: readonly Row[], { label, labels }: DataForm): Finding[] {
  const counts = countLabels([{ name: 'train', rows: train }], label);
  for (const known of labels!.keys()) if (!counts.has(known)) counts.set(known, 0);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const told = sorted.slice(0, classesTold).map(([name, count]) => `${name} ${count.toLocaleString('en-US')}`);
  const more = sorted.length > classesTold ? ` and ${sorted.length - classesTold} more` : '';
  const share = ((100 * sorted[0]![1]) / train.length).toFixed(1);
  const rare = sorted.filter(([name, count]) => labels!.has(name) && count < fewRows);
  return [
    { severity: 'note', text: `training rows of each class: ${told.join(', ')}${more}` },
    {
      severity: 'note',
      text: `always answering "${sorted[0]![0]}" is right in ${share} % of them: a run must beat that`,
    },
    ...rare.map(([name, count]): Finding => {
      const text = `the class "${name}" has ${count === 0 ? 'no training row' : `${rowCount(count)} to learn from`}`;
      return { severity: 'warning', text: `${text}: give it more, or leave it out` };
    }),
  ];
}

function unknownLabels(parts: readonly Part[], { label, labels }: DataForm): Finding[] {
  return [...countLabels(parts, label)]
    .filter(([name]) => !labels!.has(name))
    .map(([name, count]) => {
      const like = [...labels!.keys()].find(known => isLike(name, known));
      const remedy = like === undefined ? "add it to the task file's `labels`" : `did you mean "${like}"?`;
      return {
        severity: 'error',
        text: `${JSON.stringify(name)} (${rowCount(count)}) is none of the labels: ${remedy}`,
      };
    });
}

/** Labels that a slip of the pen has made two of one. */
export const checkSpellings: DataCheck = (parts, { label, labels }) => {
  if (labels === undefined) return [];
  const known = [...countLabels(parts, label)].filter(([name]) => labels.has(name));
  const pairs = known.flatMap(([a, rows], i) => known.slice(i + 1).map(([b, others]) => [a, rows, b, others] as const));
  return pairs.flatMap(([a, rows, b, others]): Finding[] => {
    if (labels.get(a) === labels.get(b)) return [];
    const [rare, rareRows, usual, usualRows] = rows < others ? [a, rows, b, others] : [b, others, a, rows];
    if (folded(a) === folded(b)) {
      const both = `"${usual}" (${rowCount(usualRows)}) and "${rare}" (${rowCount(rareRows)})`;
      return [{ severity: 'serious', text: `the labels ${both} differ in blanks or case only: write them alike` }];
    }
    const isSlip = rareRows <= Math.max(1, usualRows * rareShare) && isLike(rare, usual);
    const text = `the label "${rare}", ${rowCount(rareRows)}: did you mean "${usual}" (${rowCount(usualRows)})?`;
    return isSlip ? [{ severity: 'serious', text }] : [];
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
  return countBy(
    parts.flatMap(({ rows }) => rows),
    row => cellTexts(row, label),
  );
}

function countBy(rows: readonly Row[], namesOf: (row: Row) => readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of rows.flatMap(namesOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
