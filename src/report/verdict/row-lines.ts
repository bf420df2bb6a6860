import { score } from '../../core/format.ts';
import { type Interval, mean } from '../../core/statistics.ts';
import { ownAnswer } from '../../search/strategies/last-word/finalists.ts';
import type { FinalistRecord } from '../../structure/structure-file.ts';
import { allTasks, type ComparedRun, type ComparisonRow } from '../comparison.ts';
import { rowName } from '../comparison-tables.ts';
import { onScale } from '../score-scale.ts';
import { nothingToSearch } from './settlement.ts';
import {
  againstCommonest,
  fewestSeeds,
  intervalOver,
  type Judgement,
  judge,
  untold,
  type VerdictLine,
} from './verdict.ts';

/** What is known of a structure that was found, beside its scores. */
export interface FoundStructure extends Pick<ComparedRun, 'task' | 'method' | 'variant' | 'budget'> {
  /** Whether its search stopped moving before it ended; undefined where that is not known, or there was none. */
  readonly isSettled: boolean | undefined;
  /** What the last word took in place of the search's own answer. */
  readonly overruledBy?: string | undefined;
  /** Whether the budget holds every candidate. */
  readonly holdsAll?: boolean | undefined;
  /** Parameters of the cheapest candidate: a smaller budget holds nothing. */
  readonly cheapest?: number | undefined;
}

/** What the last word of a search took in place of its own answer; undefined where it took that, or had no say. */
export function overrulerOf(finalists: readonly FinalistRecord[] | undefined): string | undefined {
  const name = finalists?.find(({ found }) => found)?.name;
  return name === ownAnswer ? undefined : name;
}

/** What verdicts on rows of a comparison are made of. */
export interface RowFacts {
  readonly rows: readonly ComparisonRow[];
  readonly runs: readonly ComparedRun[];
  /** A structure each, of every run that has found one. */
  readonly searches: readonly FoundStructure[];
}

type Place = Pick<ComparedRun, 'task' | 'method' | 'variant' | 'budget'>;

const isOfMethod = (row: ComparisonRow) => (each: Place) =>
  (row.task === allTasks || each.task === row.task) && each.method === row.method && each.variant === row.variant;

/** Whether it is behind a row. */
const isOwn = (row: ComparisonRow) => (each: Place) => isOfMethod(row)(each) && each.budget === row.budget;

export const ownRuns = (row: ComparisonRow, { runs }: RowFacts) => runs.filter(run => run.isFound && isOwn(row)(run));

/** Rows of the test part that a row was scored on; not known of the mean of several. */
export function testRowsOf(row: ComparisonRow, facts: RowFacts): number | undefined {
  return row.task === allTasks ? undefined : ownRuns(row, facts)[0]?.result.data?.test;
}

/** Whether the budget of a row leaves nothing to choose. */
export function isWhole(row: ComparisonRow, { searches }: RowFacts): boolean {
  const own = searches.filter(isOwn(row));
  return own.length > 0 && own.every(({ holdsAll }) => holdsAll === true);
}

/** Parameters of the cheapest candidate of a row's searches; 1 where they are not known. */
export function cheapestOf(row: ComparisonRow, { searches }: RowFacts): number {
  const known = searches.filter(isOfMethod(row)).flatMap(({ cheapest }) => cheapest ?? []);
  return known.length === 0 ? 1 : Math.min(...known);
}

/** Another row at the budget of what was found. */
export interface Rival {
  readonly row: ComparisonRow;
  readonly judgement: Judgement;
}

/** All that a row was held against by seeds. */
export function rivalsOf(found: ComparisonRow, facts: RowFacts): Rival[] {
  const testRows = testRowsOf(found, facts);
  return facts.rows.flatMap((row): Rival[] => {
    const { task, foundLessThis: test } = row;
    return task === found.task && test !== undefined && test.budget === found.budget
      ? [{ row, judgement: untold([found.scores, row.scores], testRows) ?? judge(test, row.scale) }]
      : [];
  });
}

export const rivalLine = ({ row, judgement }: Rival): VerdictLine => ({
  about: `against ${rowName(row)}`,
  says: judgement.says + unlearnt(row),
});

/** To win over what has learnt nothing says little. */
const unlearnt = ({ test, majority }: ComparisonRow): string =>
  test.mean <= majority ? `; it is not above always the commonest label, ${score(majority)}, itself` : '';

/** Over the seeds; of a single one that of its test rows, where it is known. */
export function intervalOf({ scores, testInterval, scale }: ComparisonRow): Interval | undefined {
  const interval = scores.length < 2 ? testInterval : intervalOver(scores);
  return interval && onScale(interval, scale);
}

/** A row beside always giving the commonest label. */
export function besideCommonest(row: ComparisonRow): { readonly isNoBetter: boolean; readonly says: string } {
  const { test, majority, seeds } = row;
  const { isAbove, says } = againstCommonest(test.mean, intervalOf(row), majority);
  // Few seeds make a wide interval of any score: they are what is missing first.
  return { isNoBetter: isAbove === false && (test.mean <= majority || seeds.length >= fewestSeeds), says };
}

/** What the searches behind a row cost, in trainings of what they found. */
export function costLine(row: ComparisonRow, facts: RowFacts): VerdictLine[] {
  const own = ownRuns(row, facts);
  const { searched, isShared } = searchesBehind(own, isSearch, () => facts.runs.filter(isOfMethod(row)));
  const pairs = searched.flatMap(({ task, seed, result: { resources } }) => {
    const trained = own.find(run => run.task === task && run.seed === seed)?.result.resources.retrain;
    return trained === undefined || trained.evaluations === 0 ? [] : [[resources.search!, trained] as const];
  });
  if (pairs.length === 0) return [];
  // Of the means, as the table of time and memory has it.
  const ratio = (key: 'seconds' | 'evaluations') =>
    (mean(pairs.map(([search]) => search[key])) / mean(pairs.map(([, trained]) => trained[key]))).toPrecision(2);
  const says = `a search took ${ratio('seconds')} trainings in time, ${ratio('evaluations')} in losses with gradients`;
  return [{ about: 'cost', says: isShared ? `${says}; one serves every budget` : says }];
}

const isSearch = ({ isFound, result }: ComparedRun) => isFound && result.resources.search !== undefined;

/** What was searched at a row's own budget, or where nothing was, the searches that serve every budget. */
function searchesBehind<Each>(own: readonly Each[], isOne: (each: Each) => boolean, ofMethod: () => readonly Each[]) {
  const searched = own.filter(isOne);
  return searched.length > 0 ? { searched, isShared: false } : { searched: ofMethod().filter(isOne), isShared: true };
}

/** How settled the choice was. */
export function settledLine(row: ComparisonRow, facts: RowFacts): VerdictLine[] {
  const about = 'settled';
  if (isWhole(row, facts)) return [{ about, says: nothingToSearch }];
  const all = facts.searches;
  const isTold = ({ isSettled }: FoundStructure) => isSettled !== undefined;
  const { searched } = searchesBehind(all.filter(isOwn(row)), isTold, () => all.filter(isOfMethod(row)));
  if (searched.length === 0) return [];
  const stood = searched.filter(({ isSettled }) => isSettled).length;
  const overruled = searched.filter(({ overruledBy }) => overruledBy !== undefined).length;
  const says = [
    `${stood} of ${searched.length} searches kept the same set over their last fifth` +
      (stood < searched.length ? ': more steps would settle the others' : ''),
    ...(overruled > 0 ? [`the last word took another answer than the search's own in ${overruled}`] : []),
  ];
  return [{ about, says: says.join('; ') }];
}
