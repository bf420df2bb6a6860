import { type ComparedRun, type ComparisonRow, compareRuns } from '../report/comparison.ts';
import { testSentence } from '../report/comparison-tables.ts';
import type { TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import type { RunResult } from '../runs/result.ts';
import { type Cell, cellKind, cellName } from './cell.ts';
import type { ExperimentCells } from './list-cells.ts';
import type { ExperimentOutcome } from './run-cells.ts';

/** What the runs of a process cost beside training, searching and answering. */
export interface Overhead {
  /** Wall-clock seconds of the comparison in this process. */
  readonly seconds: number;
  /** Of these, in steps, validations and tests. */
  readonly computing: number;
  /** What is left, 0 to 1: loading, tokenising, compiling, saving. */
  readonly share: number;
}

/** All that a comparison has found; the content of `compare.json`. */
export interface Comparison {
  readonly model: string;
  readonly rows: readonly ComparisonRow[];
  /** Which test the rows were compared by; absent where nothing was found. */
  readonly test?: string;
  /** Parameters of the searches that serve several budgets, by task. */
  readonly sharedBudgets: Readonly<Record<string, number>>;
  readonly runs: readonly (ComparedRun & { readonly folder: string })[];
  readonly failed: readonly { readonly run: string; readonly folder: string; readonly message: string }[];
  /** What the searches came to, a task and budget each; absent where nothing was searched. */
  readonly verdicts?: readonly TaskVerdict[];
  /** Of this process alone; absent where it had nothing to do, or others did it. */
  readonly overhead?: Overhead;
}

/** An experiment whose runs are done. */
export interface ExperimentDone {
  readonly plan: Pick<ExperimentCells, 'common' | 'sharedBudgets' | 'asked'>;
  /** All of its runs, in the order in which tables shall list their kinds. */
  readonly cells: readonly Cell[];
  readonly outcome: ExperimentOutcome;
  /** Its folder. */
  readonly out: string;
  readonly overhead?: Overhead;
}

/** Sums up what an experiment has done. */
export function comparisonOf({ plan, cells, outcome, overhead }: ExperimentDone): Comparison {
  const { common, sharedBudgets } = plan;
  const { finished, failed } = outcome;
  const kinds = [...new Set(cells.map(cellKind))];
  const place = new Map(kinds.map((kind, index) => [kind, index]));
  const runs = finished
    .toSorted((a, b) => place.get(cellKind(a.cell))! - place.get(cellKind(b.cell))! || a.cell.seed - b.cell.seed)
    .map(({ cell: { task, method, label, variant, budget, seed, isFound, folder }, result }) => ({
      ...{ task, method, label, variant, budget, seed, isFound, folder, result },
    }));
  const rows = compareRuns(runs);
  const test = testSentence(rows);
  return {
    model: runs[0]?.result.model ?? String(common.model),
    rows,
    ...(test !== undefined && { test }),
    sharedBudgets,
    runs,
    failed: failed.map(({ cell, message }) => ({ run: cellName(cell), folder: cell.folder, message })),
    ...(overhead && { overhead }),
  };
}

/**
 * What a process has spent beside computing.
 * @param seconds wall-clock seconds of all of it
 * @param startSeconds of these, spent on starting sessions within steps and validations
 */
export function overheadOf(
  { finished }: ExperimentOutcome,
  seconds: number,
  startSeconds: number,
): Overhead | undefined {
  const own = finished.filter(cell => cell.seconds !== undefined);
  if (own.length === 0) return undefined;
  // A run that went on from a checkpoint counts the time before, too: no run computes longer than it takes.
  const computed = own.reduce((sum, cell) => sum + Math.min(cell.seconds!, computingSeconds(cell.result)), 0);
  const computing = Math.max(0, computed - startSeconds);
  return { seconds, computing, share: 1 - computing / seconds };
}

function computingSeconds({ resources }: RunResult): number {
  const stages = [resources.search, resources.trials ?? resources.retrain, resources.test];
  return stages.reduce((sum, stage) => sum + (stage?.seconds ?? 0), 0);
}
