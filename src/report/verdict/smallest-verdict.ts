import { count, score } from '../../core/format.ts';
import { signFlipTest, studentInterval } from '../../core/statistics.ts';
import type { ComparisonRow } from '../comparison.ts';
import { rowName } from '../comparison-tables.ts';
import type { TaskVerdict } from './comparison-verdict.ts';
import {
  commandLine,
  isFull,
  judge,
  range,
  untold,
  usualSeeds,
  type Verdict,
  type VerdictLine,
  whyUntold,
} from './verdict.ts';

/** How far below another score still is good enough: points, or a share of that score, 0 to 1. */
export interface Margin {
  readonly value: number;
  readonly of: 'points' | 'share';
}

/** What is asked of the budgets of one task. */
export interface SmallestFacts {
  /** Rows of the task: what was found at each budget, and what that is held against. */
  readonly rows: readonly ComparisonRow[];
  readonly margin: Margin;
  /** As a user wrote it. */
  readonly within: string;
  /** The method that is held against, as a user wrote it, and as its row is called. */
  readonly against: string;
  readonly reference: string;
  /** What a user writes for the task. */
  readonly task: string;
  /** The comparison's folder, and the file in it of what every run has alike. */
  readonly out: string;
  readonly config: string;
  /** Where the structure is that is found at a budget. */
  structureAt(budget: string): string;
}

/**
 * How small can it go? The smallest budget whose structure scores within a margin of a method with a size of its own.
 * It is chosen on validation, so that the test score beside it is that of rows which chose nothing.
 * @returns undefined where nothing was found, or what it is held against has failed
 */
export function smallestVerdict(facts: SmallestFacts): TaskVerdict | undefined {
  const { rows } = facts;
  const reference = rows.find(row => row.method === facts.reference);
  const first = rows.find(row => row.isFound);
  const found = rows
    .filter(row => row.isFound && row.method === first?.method && row.variant === first.variant && row.parameters > 0)
    .sort((a, b) => a.parameters - b.parameters);
  if (reference === undefined || first === undefined || found.length === 0) return undefined;
  const needed = lowest(reference.validation.mean, facts.margin);
  const chosen = found.find(row => row.validation.mean >= needed);
  const lines: VerdictLine[] = [
    { about: 'how small', says: smallestSays({ ...facts, reference, found, chosen, needed }) },
    ...(chosen === undefined ? [] : [againstLine(chosen, reference)]),
    { about: 'curve', says: [...found, reference].map(point).join('; ') },
  ];
  const outcome = chosen === undefined ? 'none-within' : 'smallest-within';
  const next = nextOf({ ...facts, reference, found, chosen });
  return { task: first.task, budget: chosen?.budget ?? null, outcome, lines, next };
}

/** The least score that is within the margin. */
export function lowest(reference: number, { value, of }: Margin): number {
  return reference - (of === 'points' ? value : value * Math.abs(reference));
}

interface Choice extends Omit<SmallestFacts, 'reference'> {
  readonly reference: ComparisonRow;
  /** By rising size. */
  readonly found: readonly ComparisonRow[];
  readonly chosen: ComparisonRow | undefined;
}

const sized = ({ budget, parameters }: ComparisonRow) =>
  `${budget === null ? '' : `${budget}, `}${count(Math.round(parameters))} parameters`;

function smallestSays({ reference, found, chosen, needed, within }: Choice & { needed: number }) {
  const bar =
    `${score(needed)} on validation, within ${within} of the ${score(reference.validation.mean)} of ` +
    `${rowName(reference)} (${sized(reference)})`;
  if (chosen === undefined) {
    const best = found.reduce((a, b) => (b.validation.mean > a.validation.mean ? b : a));
    return (
      `none of ${found.length} budgets reaches ${bar}; the nearest is ${score(best.validation.mean)} ` +
      `at ${sized(best)}`
    );
  }
  const times = (reference.parameters / chosen.parameters).toPrecision(2);
  const below = found.filter(row => row.parameters > chosen.parameters && row.validation.mean < needed);
  const again =
    below.length === 0
      ? ''
      : `; ${below.map(({ budget }) => budget).join(', ')} ${below.length > 1 ? 'fall' : 'falls'} below it again: ` +
        'the curve is within its noise there';
  return (
    `${sized(chosen)}, is the smallest of ${found.length} budgets that reaches ${bar}: ` +
    `${times} times fewer${again}`
  );
}

/** The test scores of both, which chose nothing. */
function againstLine(chosen: ComparisonRow, reference: ComparisonRow): VerdictLine {
  const differences = chosen.seeds.flatMap((seed, i) => {
    const place = reference.seeds.indexOf(seed);
    return place < 0 ? [] : [chosen.scores[i]! - reference.scores[place]!];
  });
  const test = signFlipTest(differences);
  const none = untold([chosen.scores, reference.scores], undefined);
  const both = [chosen, reference].map(scoreOf).join(' to ');
  const about = `against ${rowName(reference)}`;
  return { about, says: test === undefined ? both : `test ${chosen.metric} ${both}: ${(none ?? judge(test)).says}` };
}

/** With the interval over the seeds; of a single one that of its test rows, where it is known. */
function scoreOf({ test, scores, testInterval }: ComparisonRow): string {
  const interval = studentInterval(scores) ?? testInterval;
  return `${score(test.mean)}${interval === undefined ? '' : ` (${range(interval)})`}`;
}

function point(row: ComparisonRow): string {
  return `${row.isFound ? sized(row) : `${rowName(row)}, ${sized(row)}`}: ${scoreOf(row)}`;
}

function nextOf({ reference, found, chosen, ...facts }: Choice): Verdict['next'] {
  const { task, out, config, within, against } = facts;
  const budgets = found.map(({ budget }) => budget!);
  const again = (flags: Readonly<Record<string, string | number>>) =>
    commandLine('compare', [out], { task, ...flags, 'score-within': within, against, out });
  if (chosen === undefined) {
    const budget = Math.round(2 * found.at(-1)!.parameters);
    return {
      command: again({ budget: [...budgets, budget].join(','), seeds: found[0]!.seeds.length }),
      why: 'a larger budget; or more steps (--max-steps, --retrain-epochs), or a wider margin',
    };
  }
  // Where all have the full score, no seed shows which budget is too small.
  const isAtCeiling = chosen === found[0] && isFull([...chosen.scores, ...reference.scores]);
  if (chosen.seeds.length < 2 && !isAtCeiling) {
    return {
      command: again({ budget: budgets.join(','), seeds: usualSeeds }),
      why: 'more seeds: how small it can go is not known from one; runs that are done are not done again',
    };
  }
  if (chosen === found[0]) {
    const budget = Math.round(chosen.parameters / 2);
    return {
      command: again({ budget: [budget, ...budgets].join(','), seeds: chosen.seeds.length }),
      why: isAtCeiling
        ? whyUntold['at-ceiling']
        : 'the smallest budget that was tried is enough: a smaller one may be, too',
    };
  }
  return {
    command: commandLine('train', [config], {
      task,
      structure: facts.structureAt(chosen.budget!),
      out: `${out}-trained`,
    }),
    why: `use it: ${score(chosen.test.mean)} to ${score(reference.test.mean)} with a fraction of the parameters`,
  };
}
