import { bytes, count, duration, perTenThousand, score } from '../core/format.ts';
import type { ComparisonRow, Spread } from './comparison.ts';
import type { Table } from './table.ts';

/** A row's method as tables and pictures call it. */
export function rowName({ label, variant, budget }: Pick<ComparisonRow, 'label' | 'variant' | 'budget'>): string {
  return [[label, variant].filter(Boolean).join(', '), budget === null ? '' : `at ${budget}`].filter(Boolean).join(' ');
}

/** `57.20 ± 1.31`; without ± where there is a single seed. */
export function spreadText({ mean, sd }: Spread): string {
  return sd === null ? score(mean) : `${score(mean)} ± ${score(sd)}`;
}

/**
 * Scores of one task: mean ± standard deviation over the seeds, size, cost, and beside each the found structure, where
 * there is one.
 */
export function comparisonTable(rows: readonly ComparisonRow[]): Table {
  const [{ metric, majority }] = rows as readonly [ComparisonRow];
  const isTested = rows.some(row => row.foundLessThis !== undefined);
  const header = [
    ...['method', `test (${metric})`, 'seeds', 'parameters', '‱'],
    ...['time', 'losses', 'memory', ...(isTested ? ['found − this', 'p'] : [])],
  ];
  return {
    header,
    rows: [
      ...rows.map(row => [
        ...[rowName(row), spreadText(row.test), String(row.seeds.length), count(Math.round(row.parameters))],
        ...[perTenThousand(row.fraction).replace(' ‱', ''), known(row.seconds, duration)],
        ...[known(row.evaluations, losses => count(Math.round(losses))), known(row.peakBytes, bytes)],
        ...(isTested ? versus(row, rows) : []),
      ]),
      ['commonest label', score(majority), ...new Array<string>(header.length - 2).fill('')],
    ],
  };
}

const known = (value: number | null, show: (value: number) => string) => (value === null ? '–' : show(value));

function versus(row: ComparisonRow, rows: readonly ComparisonRow[]): [string, string] {
  const { foundLessThis } = row;
  if (foundLessThis === undefined) return ['', ''];
  const { difference, p } = foundLessThis;
  return [`${difference < 0 ? '−' : '+'}${score(Math.abs(difference))}${foundAt(row, rows)}`, p.toPrecision(2)];
}

/** Which of several found structures a row is held against, where its name says no budget. */
export function foundAt({ budget, foundLessThis }: ComparisonRow, rows: readonly ComparisonRow[]): string {
  const budgets = new Set(rows.flatMap(row => (row.isFound ? [row.budget] : [])));
  return budget === null && budgets.size > 1 ? `, found at ${foundLessThis!.budget}` : '';
}

/** Mean ± standard deviation of every method on every task: the form of the paper's main table. */
export function scoreMatrix(rows: readonly ComparisonRow[]): Table {
  const tasks = [...new Set(rows.map(row => row.task))];
  const methods = Map.groupBy(rows, rowName);
  return {
    header: ['method', ...tasks],
    rows: [...methods].map(([name, group]) => [
      name,
      ...tasks.map(task => {
        const row = group.find(each => each.task === task);
        return row === undefined ? '–' : spreadText(row.test);
      }),
    ]),
  };
}

/** How the last two columns come about, in a sentence; undefined where nothing was found. */
export function testSentence(rows: readonly ComparisonRow[]): string | undefined {
  const tests = rows.flatMap(({ foundLessThis }) => foundLessThis ?? []);
  if (tests.length === 0) return undefined;
  const pairs = Math.max(...tests.map(test => test.pairs));
  const smallest = Math.min(...tests.map(test => test.smallestP));
  return (
    'p: paired sign-flip test over the seeds, two-sided, exact up to 20 seeds, not corrected for the ' +
    'number of methods. ' +
    `With ${pairs} seed${pairs === 1 ? '' : 's'} p cannot be smaller than ${smallest.toPrecision(2)}.`
  );
}

/** A table for people who go on in a spreadsheet, as RFC 4180 has it, or by the separator of their country. */
export function csvLines(
  header: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
  separator: string = ',',
): string {
  const cell = (value: string | number | undefined) => {
    const text = value === undefined ? '' : String(value);
    return /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map(row => `${row.map(cell).join(separator)}\n`).join('');
}
