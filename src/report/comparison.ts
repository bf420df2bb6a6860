import { type Interval, mean, type PairedTest, signFlipTest, standardDeviation } from '../core/statistics.ts';
import type { RunResult } from '../runs/result.ts';
import type { WrittenVerdict } from './verdict/verdict.ts';

/** One finished run of a comparison. */
export interface ComparedRun {
  readonly task: string;
  readonly method: string;
  /** What tables call the method. */
  readonly label: string;
  /** Settings that were varied, in words; empty where none were. */
  readonly variant: string;
  /** As the user wrote it; null where the method has a size of its own. */
  readonly budget: string | null;
  readonly seed: number;
  /** Whether its structure was searched on this very task. */
  readonly isFound: boolean;
  readonly result: RunResult;
}

export interface Spread {
  readonly mean: number;
  /** Standard deviation over the seeds; null of a single one. */
  readonly sd: number | null;
}

/** A method's runs on a task at a budget, over the seeds. Scores are 0 to 100. */
export interface ComparisonRow
  extends Pick<ComparedRun, 'task' | 'method' | 'label' | 'variant' | 'budget' | 'isFound'> {
  readonly metric: string;
  /** The lowest and the highest score there is; an older version has not written it. */
  readonly scale?: Interval | undefined;
  readonly seeds: readonly number[];
  /** Test scores, in the order of the seeds. */
  readonly scores: readonly number[];
  readonly test: Spread;
  /** Where the test score of a single seed would lie 95 times of 100, were its rows drawn again. */
  readonly testInterval?: Interval;
  readonly validation: Spread;
  /** Test score of always giving the commonest label. */
  readonly majority: number;
  /** Trainable parameters of the structure, and their share of the backbone; means over the seeds. */
  readonly parameters: number;
  readonly fraction: number;
  /**
   * Of all stages of a run, attempts that were not chosen included; means over the seeds whose cost is known, null
   * where none is: a run whose result was lost is scored anew, and not trained.
   */
  readonly seconds: number | null;
  readonly evaluations: number | null;
  /** Largest over the stages, mean over the same seeds. */
  readonly peakBytes: number | null;
  /** Test score of the found structure less that of this row, paired by seed. */
  readonly foundLessThis?: PairedTest & { readonly method: string; readonly budget: string | null };
}

/** What is shown of a comparison; `compare.json` has more. */
export interface ComparisonView {
  readonly model: string;
  readonly rows: readonly ComparisonRow[];
  readonly failed: readonly { readonly run: string; readonly folder?: string | undefined; readonly message: string }[];
  /** Parameters of the searches that serve several budgets, by task. */
  readonly sharedBudgets?: Readonly<Record<string, number>>;
  /** What to make of each search; absent where nothing was searched. */
  readonly verdicts?: readonly (WrittenVerdict & { readonly task: string; readonly budget: string | null })[];
}

/** Rows that average the tasks carry this in place of a task. */
export const allTasks = 'mean of tasks';

/**
 * Sums the runs up: a row for each task, method, variant and budget, in the order in which they come; where there are
 * several tasks, rows of their mean follow. Runs without a score are left out.
 */
export function compareRuns(runs: readonly ComparedRun[]): ComparisonRow[] {
  const scored = runs.filter(({ result }) => result.score !== undefined);
  const groups = Map.groupBy(scored, run => JSON.stringify([run.task, run.method, run.variant, run.budget]));
  const rows = [...groups.values()].map(rowOf);
  const ordered = [...Map.groupBy(rows, row => row.task).values()];
  const tables = ordered.length > 1 ? [...ordered, meanRows(rows, ordered.length)] : ordered;
  return tables.flatMap(withFound);
}

function rowOf(unordered: readonly ComparedRun[]): ComparisonRow {
  const group = unordered.toSorted((a, b) => a.seed - b.seed);
  const { task, method, label, variant, budget, isFound, result } = group[0]!;
  const over = (value: (result: RunResult) => number) => mean(group.map(run => value(run.result)));
  const scores = group.map(run => run.result.score!.test);
  return {
    ...{ task, method, label, variant, budget, isFound, metric: result.score!.metric },
    seeds: group.map(run => run.seed),
    scores,
    test: spreadOf(scores),
    ...(group.length === 1 && result.testInterval && { testInterval: result.testInterval }),
    validation: spreadOf(group.map(run => run.result.score!.validation)),
    majority: over(each => each.score!.majority),
    parameters: over(each => each.structure.parameters),
    fraction: over(each => (each.structure.parameters * each.budget.fraction) / each.budget.parameters),
    ...costOf(group.map(run => run.result.resources)),
  };
}

function costOf(all: readonly RunResult['resources'][]): Pick<ComparisonRow, 'seconds' | 'evaluations' | 'peakBytes'> {
  const runs = all.flatMap(({ search, retrain, trials }) =>
    retrain === undefined ? [] : [{ work: [search, trials ?? retrain], held: [search, retrain] }],
  );
  if (runs.length === 0) return { seconds: null, evaluations: null, peakBytes: null };
  const total = (cost: 'seconds' | 'evaluations') =>
    mean(runs.map(({ work }) => work.reduce((sum, stage) => sum + (stage?.[cost] ?? 0), 0)));
  const peakBytes = mean(runs.map(({ held }) => Math.max(...held.map(stage => stage?.peakBytes ?? 0))));
  return { seconds: total('seconds'), evaluations: total('evaluations'), peakBytes };
}

function spreadOf(values: readonly number[]): Spread {
  return { mean: mean(values), sd: standardDeviation(values) ?? null };
}

/**
 * Means over the tasks, seed by seed, of what was done on all of them. A method whose structures were found on some of
 * the tasks only, as in a transfer, is no found structure here.
 */
function meanRows(rows: readonly ComparisonRow[], tasks: number): ComparisonRow[] {
  const groups = Map.groupBy(rows, row => JSON.stringify([row.method, row.variant, row.budget]));
  return [...groups.values()].flatMap(group => {
    // The interval of a single seed is that of one task's test rows.
    const [{ testInterval: _, ...first }] = group as [ComparisonRow];
    const seeds = first.seeds.filter(seed => group.every(row => row.seeds.includes(seed)));
    if (group.length < tasks || seeds.length === 0) return [];
    const scores = seeds.map(seed => mean(group.map(row => row.scores[row.seeds.indexOf(seed)]!)));
    const over = (value: (row: ComparisonRow) => number) => mean(group.map(value));
    const known = (key: 'seconds' | 'evaluations' | 'peakBytes', sum: (values: number[]) => number) =>
      group.some(row => row[key] === null) ? null : sum(group.map(row => row[key]!));
    const row = {
      ...{ ...first, task: allTasks, isFound: group.every(each => each.isFound) },
      ...{ metric: 'score', seeds, scores, test: spreadOf(scores) },
      validation: { mean: over(each => each.validation.mean), sd: null },
      ...{ majority: over(each => each.majority), parameters: over(each => each.parameters) },
      ...{ fraction: over(each => each.fraction), seconds: known('seconds', mean) },
      ...{ evaluations: known('evaluations', mean), peakBytes: known('peakBytes', values => Math.max(...values)) },
    };
    return [row];
  });
}

/**
 * Puts the found structure beside every other row of a task: the first method that searches, at the same budget; beside
 * a method with a size of its own, at the budget nearest to that size.
 */
function withFound(rows: readonly ComparisonRow[]): ComparisonRow[] {
  const searched = rows.find(row => row.isFound);
  if (searched === undefined) return [...rows];
  const found = rows.filter(row => row.method === searched.method && row.variant === searched.variant);
  const distance = (a: ComparisonRow, b: ComparisonRow) => Math.abs(Math.log(a.parameters / b.parameters));
  return rows.map(row => {
    const candidates = row.budget === null ? found : found.filter(each => each.budget === row.budget);
    if (candidates.length === 0 || found.includes(row)) return row;
    const reference = candidates.reduce((best, next) => (distance(next, row) < distance(best, row) ? next : best));
    const differences = reference.seeds.flatMap((seed, i) => {
      const place = row.seeds.indexOf(seed);
      return place < 0 ? [] : [reference.scores[i]! - row.scores[place]!];
    });
    const test = signFlipTest(differences);
    return test === undefined
      ? row
      : { ...row, foundLessThis: { ...test, method: reference.method, budget: reference.budget } };
  });
}
