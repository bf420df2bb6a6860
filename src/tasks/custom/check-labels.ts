import leven from 'leven';
import type { Finding } from '../../core/errors.ts';
import { hasDecimalComma } from '../../data/rows/csv.ts';
import type { Row } from '../../data/rows/row.ts';
import { cellTexts, type DataCheck, type DataForm, type Part, placesOf, rowsOf, someOf } from './data-check.ts';

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
