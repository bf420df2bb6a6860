import { count, score } from '../../core/format.ts';
import type { ComparisonRow } from '../comparison.ts';
import { rowName } from '../comparison-tables.ts';
import type { TaskVerdict } from './comparison-verdict.ts';
import {
  besideCommonest,
  costLine,
  intervalOf,
  ownRuns,
  rivalLine,
  rivalsOf,
  settledLine,
  testRowsOf,
} from './row-lines.ts';
import { type Choice, nextOf, type SmallestFacts, type SmallestOutcome, timesFewer } from './smallest-next.ts';
import { dataLine, isFull, range, type VerdictLine } from './verdict.ts';
import { bearingOf, lowest } from './within-margin.ts';

/**
 * How small can it go? The smallest budget whose structure scores within a margin of a method with a size of its own,
 * and takes fewer parameters. It is chosen on validation, so that the test score beside it is that of rows which chose
 * nothing.
 * @returns undefined where nothing was found, or what it is held against has failed
 */
export function smallestVerdict(facts: SmallestFacts): TaskVerdict | undefined {
  const { rows, margin } = facts;
  const reference = rows.find(row => row.method === facts.reference);
  const first = rows.find(row => row.isFound);
  const all = rows
    .filter(row => row.isFound && row.method === first?.method && row.variant === first.variant && row.parameters > 0)
    .sort((a, b) => a.parameters - b.parameters);
  if (reference === undefined || first === undefined || all.length === 0) return undefined;
  const found = all.filter(row => row.parameters < reference.parameters);
  const needed = lowest(reference.validation.mean, margin);
  const row = found.find(each => each.validation.mean >= needed);
  const bearing = row && bearingOf(row, reference, margin, testRowsOf(row, facts));
  const chosen = row && { row, bearing: bearing! };
  const told = row ?? all[0]!;
  const outcome = outcomeOf(reference, chosen);
  const choice = { ...facts, outcome, reference, all, found, chosen };
  const lines: VerdictLine[] = [
    { about: 'how small', says: smallestSays({ ...choice, needed }) },
    ...(chosen === undefined
      ? []
      : [
          {
            about: `against ${rowName(reference)}`,
            says: `test ${told.metric} ${scoreOf(told)} to ${scoreOf(reference)}: ${chosen.bearing.says}`,
          },
          ...rivalsOf(told, facts)
            .filter(rival => rival.row !== reference)
            .map(rivalLine),
        ]),
    { about: 'curve', says: [...all, reference].map(each => point(each, reference)).join('; ') },
    { about: 'commonest', says: [told, reference].map(commonestSays).join('; ') },
    ...dataLines(choice, told),
    ...costLine(told, facts),
    ...settledLine(told, facts),
  ];
  const budget = isUnlearnt(outcome) ? null : (row?.budget ?? null);
  return { task: first.task, budget, outcome, lines, next: nextOf(choice) };
}

function outcomeOf(reference: ComparisonRow, chosen: Choice['chosen']): SmallestOutcome {
  const told = chosen === undefined ? [reference] : [chosen.row, reference];
  if (isFull(told.flatMap(({ scores, majority }) => [...scores, majority]))) return 'at-ceiling';
  if (told.some(row => besideCommonest(row).isNoBetter)) return 'not-above-commonest';
  if (chosen === undefined) return 'none-within';
  return chosen.bearing.stands === 'missed' ? 'loss' : 'smallest-within';
}

/** Whether no budget is told: what always giving one answer knows can be had without any. */
const isUnlearnt = (outcome: SmallestOutcome) => outcome === 'not-above-commonest' || outcome === 'at-ceiling';

const sized = ({ budget, parameters }: ComparisonRow) =>
  `${budget === null ? '' : `${budget}, `}${count(Math.round(parameters))} parameters`;

interface Curve extends Choice {
  /** The score on validation that is within the margin. */
  readonly needed: number;
}

function smallestSays({ outcome, reference, all, found, chosen, needed, within }: Curve): string {
  const rival = `${rowName(reference)} (${sized(reference)})`;
  if (isUnlearnt(outcome)) {
    const told = [reference, ...(chosen === undefined ? [] : [chosen.row])];
    const nothing = told.find(row => besideCommonest(row).isNoBetter) ?? reference;
    const shown = `a score within ${within} of ${rowName(reference)} shows nothing`;
    return `not known: ${commonestSays(nothing)}, so that ${shown}`;
  }
  if (found.length === 0) return `not known: none of ${all.length} budgets is smaller than ${rival}`;
  const bar = `${score(needed)} on validation, within ${within} of the ${score(reference.validation.mean)} of ${rival}`;
  const of = `${found.length} budgets${found.length < all.length ? ' below its size' : ''}`;
  if (chosen === undefined) {
    const best = found.reduce((a, b) => (b.validation.mean > a.validation.mean ? b : a));
    return `none of ${of} reaches ${bar}; the nearest is ${score(best.validation.mean)} at ${sized(best)}`;
  }
  const { row } = chosen;
  const below = found.filter(each => each.parameters > row.parameters && each.validation.mean < needed);
  const again =
    below.length === 0
      ? ''
      : `; ${below.map(({ budget }) => budget).join(', ')} ${below.length > 1 ? 'fall' : 'falls'} below it again: ` +
        'the curve is within its noise there';
  const doubted = outcome === 'loss' ? '; the test does not bear it out' : '';
  return `${sized(row)}, is the smallest of ${of} that reaches ${bar}: ${timesFewer(row, reference)}${again}${doubted}`;
}

/** With the interval over the seeds; of a single one that of its test rows, where it is known. */
function scoreOf(row: ComparisonRow): string {
  const interval = intervalOf(row);
  return `${score(row.test.mean)}${interval === undefined ? '' : ` (${range(interval)})`}`;
}

function point(row: ComparisonRow, reference: ComparisonRow): string {
  const isLarge = row.isFound && row.parameters >= reference.parameters;
  const name = row.isFound ? sized(row) : `${rowName(row)}, ${sized(row)}`;
  return `${name}: ${scoreOf(row)}${isLarge ? `, not smaller than ${rowName(reference)}` : ''}`;
}

const commonestSays = (row: ComparisonRow) =>
  `the ${scoreOf(row)} of ${row.isFound ? sized(row) : rowName(row)} is ${besideCommonest(row).says}`;

function dataLines({ reference, within, ...facts }: Choice, told: ComparisonRow): VerdictLine[] {
  const validation = ownRuns(told, facts)[0]?.result.data?.validation ?? Number.POSITIVE_INFINITY;
  return dataLine({ validation, majority: reference.majority }, `which budget is within ${within}`);
}
