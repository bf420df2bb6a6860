import { count, score } from '../../core/format.ts';
import { largestRival, plainRival } from '../../structure/built-in-methods.ts';
import type { ComparisonRow } from '../comparison.ts';
import { longerTraining, type RunSettings } from './longer.ts';
import { besideCommonest, cheapestOf, ownRuns, type RowFacts } from './row-lines.ts';
import { seedWords } from './seed-words.ts';
import {
  commandLine,
  type Flags,
  isFull,
  mostSeeds,
  type Outcome,
  seedsToTell,
  usualSeeds,
  type Verdict,
  whyMoreSteps,
  whyNotSmaller,
  whyUntold,
} from './verdict.ts';
import type { Bearing, Margin } from './within-margin.ts';

/** What is asked of the budgets of one task. */
export interface SmallestFacts extends RowFacts {
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
  /** Those of one of its trainings, completed. */
  readonly settings: RunSettings;
  /** What a command on the folder says again: its tasks, as a user writes them, and flags (`ComparisonFacts`). */
  readonly given: { readonly tasks: readonly string[]; readonly again: Flags; readonly executor: Flags };
  /** Where the structure is that is found at a budget. */
  structureAt(budget: string): string;
}

export type SmallestOutcome = Extract<
  Outcome,
  'at-ceiling' | 'not-above-commonest' | 'none-within' | 'smallest-within' | 'loss'
>;

/** What the budgets came to. */
export interface Choice extends Omit<SmallestFacts, 'reference'> {
  readonly outcome: SmallestOutcome;
  readonly reference: ComparisonRow;
  /** What was found, by rising size, and of that what is smaller than the reference. */
  readonly all: readonly ComparisonRow[];
  readonly found: readonly ComparisonRow[];
  /** The smallest of them within the margin on validation, and how it stands on test. */
  readonly chosen: { readonly row: ComparisonRow; readonly bearing: Bearing } | undefined;
}

/** `85 times fewer`, `1.3 times fewer`, `hardly fewer`. */
export function timesFewer(row: ComparisonRow, reference: ComparisonRow): string {
  const times = reference.parameters / row.parameters;
  if (times < 1.05) return 'hardly fewer';
  return `${times < 9.95 ? times.toFixed(1) : count(Math.round(times))} times fewer`;
}

/** What would help most, by what came out. */
export function nextOf(choice: Choice): Verdict['next'] {
  const { outcome, found, chosen } = choice;
  switch (outcome) {
    case 'not-above-commonest':
      return longer(choice, whyUnlearnt(choice));
    case 'at-ceiling':
      return smaller(choice, whyUntold['at-ceiling']) ?? moreSeeds(choice, seedsOf(choice) + usualSeeds, whyNotSmaller);
    case 'none-within':
      return found.length === 0
        ? (smaller(choice, 'a smaller budget: none of these is smaller than what it is held against') ??
            againstLarger(choice))
        : larger(choice, 'a larger budget; or more steps (--max-steps, --retrain-epochs), or a wider margin');
    case 'loss': {
      const why = 'a larger budget: on test this one is beyond the margin; or more steps, or a wider margin';
      const above = found.filter(row => row.parameters > chosen!.row.parameters);
      if (above.length === 0) return larger(choice, why);
      return { command: again(choice, { budget: listed(above), seeds: seedsOf(choice) }), why };
    }
    case 'smallest-within':
      return nextOfBearing(choice, chosen!);
  }
}

/** What is left once a budget is within the margin on validation, by how it stands on test. */
function nextOfBearing(choice: Choice, { row, bearing }: NonNullable<Choice['chosen']>): Verdict['next'] {
  const { reference, found, task, config, out } = choice;
  const { stands, slack, sd, pairs } = bearing;
  if (stands === 'too-few-seeds') {
    const why = 'more seeds: how small it can go is not known from so few; runs that are done are not done again';
    return moreSeeds(choice, usualSeeds, why);
  }
  if (stands === 'open') {
    const seeds = Math.max(seedsToTell(slack, sd), pairs + usualSeeds);
    if (seeds <= mostSeeds) {
      return moreSeeds(choice, seeds, 'more seeds: so many would tell whether it is within the margin on test, too');
    }
    return {
      command: again({ ...choice, within: wider(choice.margin) }, { budget: budgetsOf(choice), seeds: pairs }),
      why: `a wider margin: up to ${mostSeeds} seeds would not tell this one; runs that are done are not done again`,
    };
  }
  const isAtCeiling = isFull([...row.scores, ...reference.scores]);
  const less =
    row === found[0] &&
    smaller(
      choice,
      isAtCeiling ? whyUntold['at-ceiling'] : 'the smallest budget that was tried is enough: a smaller one may be, too',
    );
  if (less) return less;
  return {
    command: commandLine('train', [config], {
      task,
      structure: choice.structureAt(row.budget!),
      out: `${out}-trained`,
    }),
    why: `use it: ${score(row.test.mean)} to ${score(reference.test.mean)}, parameters ${timesFewer(row, reference)}`,
  };
}

const listed = (rows: readonly ComparisonRow[]) => rows.map(({ budget }) => budget!).join(',');

/** Those to try again: where none is smaller than the reference, all of them. */
const budgetsOf = ({ found, all }: Choice) => listed(found.length > 0 ? found : all);

const seedsOf = ({ found, reference }: Choice) => (found[0] ?? reference).seeds.length;

/** The same question, some of it asked otherwise. */
function again(
  { task, within, against, rows, reference, given, out }: Choice,
  flags: Flags & { readonly seeds: number },
  to = out,
): string {
  // Methods that nobody has to name are a search and the reference.
  const others = [...new Set(rows.filter(row => row !== reference && row.budget !== null).map(row => row.method))];
  const there = rows.flatMap(row => row.seeds);
  return commandLine('compare', [out], {
    task: to === out ? given.tasks.join(',') : task,
    ...(others.length > 1 && { methods: others.join(',') }),
    ...{ ...flags, seeds: seedWords(there, flags.seeds), ...given.again },
    ...{ 'score-within': within, against, ...given.executor, out: to },
  });
}

function moreSeeds(choice: Choice, seeds: number, why: string): Verdict['next'] {
  return { command: again(choice, { budget: budgetsOf(choice), seeds }), why };
}

/** Half of the smallest that was tried, or what holds a module at least; undefined where nothing smaller does. */
function smaller(choice: Choice, why: string): Verdict['next'] | undefined {
  const { all, found, reference } = choice;
  const [least = reference] = found;
  const budget = Math.max(cheapestOf(all[0]!, choice), Math.round(least.parameters / 2));
  if (budget >= least.parameters) return undefined;
  const budgets = [String(budget), listed(found)].filter(Boolean).join(',');
  return { command: again(choice, { budget: budgets, seeds: seedsOf(choice) }), why };
}

/** Where no module is smaller than what is held against: another method with a size of its own, which is larger. */
function againstLarger(choice: Choice): Verdict['next'] {
  const { reference, out } = choice;
  const against = reference.method === plainRival ? largestRival : plainRival;
  return {
    command: again({ ...choice, against }, { seeds: seedsOf(choice) }, `${out}-${against}`),
    why: 'hold it against a larger method: no budget holds a module and is smaller than this one',
  };
}

/** Twice the largest that was tried; where that is no smaller than the reference, more steps. */
function larger(choice: Choice, why: string): Verdict['next'] {
  const { found, reference } = choice;
  const budget = Math.round(2 * found.at(-1)!.parameters);
  if (budget >= reference.parameters) {
    return longer(choice, 'more steps of training, as no larger budget has fewer parameters; or a wider margin');
  }
  return { command: again(choice, { budget: `${listed(found)},${budget}`, seeds: seedsOf(choice) }), why };
}

/** By the first that is not above always the commonest label. */
function whyUnlearnt({ reference, chosen }: Choice): string {
  const told = [reference, ...(chosen === undefined ? [] : [chosen.row])];
  const { test, majority } = told.find(row => besideCommonest(row).isNoBetter) ?? reference;
  return whyMoreSteps(test.mean, majority);
}

/** Three times the training. */
function longer(choice: Choice, why: string): Verdict['next'] {
  const { found, chosen, reference, settings, out } = choice;
  const row = chosen?.row ?? found.at(-1) ?? reference;
  const steps = ownRuns(row, choice)[0]?.result.resources.retrain?.evaluations;
  const flags = longerTraining(settings, steps, 3);
  const budget = budgetsOf(choice);
  return { command: again(choice, { budget, seeds: seedsOf(choice), ...flags }, `${out}-longer`), why };
}

/** Twice as wide, as a user writes it. */
function wider({ value, of }: Margin): string {
  return of === 'points' ? String(2 * value || 1) : `${Number((200 * value || 1).toPrecision(3))}%`;
}
