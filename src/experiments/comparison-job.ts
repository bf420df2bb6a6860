import { type ComparedRun, type ComparisonRow, compareRuns } from '../report/comparison.ts';
import { testSentence } from '../report/comparison-tables.ts';
import { searchMoments, shownModules } from '../report/run-view.ts';
import { comparisonVerdicts, type TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import { settlement } from '../report/verdict/settlement.ts';
import type { RunResult } from '../runs/result.ts';
import { runFolder } from '../runs/run-folder.ts';
import { readHistory } from '../runs/search-history.ts';
import { readStructure } from '../structure/structure-file.ts';
import { type Cell, cellKind, cellName, experimentFile } from './cell.ts';
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

/** The verdicts on a comparison's searches. Reads their histories. */
export async function verdictsOn(comparison: Comparison, { cells, out }: ExperimentDone): Promise<TaskVerdict[]> {
  const { rows, runs } = comparison;
  const searched = runs.filter(({ isFound, result }) => isFound && result.resources.search !== undefined);
  const settled = await Promise.all(searched.map(({ folder }) => isSettled(folder)));
  const given = {
    tasks: Object.fromEntries(cells.map(({ task, settings }) => [task, settings.task ?? task])),
    methods: Object.fromEntries(cells.map(cell => [cell.method, methodOf(cell)])),
  };
  return comparisonVerdicts({
    ...{ rows, out, given },
    config: experimentFile(out),
    runs,
    searches: searched.map(({ task, budget }, i) => ({ task, budget, isSettled: settled[i] })),
  });
}

/** What a user writes for a cell's method: a structure of theirs is a file. */
function methodOf({ method, settings, derive }: Cell): string {
  return settings.structure !== undefined && derive === undefined ? settings.structure : method;
}

/** Whether a search stopped moving before it ended; undefined where it does not tell. */
async function isSettled(path: string): Promise<boolean | undefined> {
  const folder = runFolder(path);
  const history = readHistory(folder.history);
  if (history === undefined) return undefined;
  const modules = shownModules(await readStructure(folder.structure));
  return settlement({ moments: searchMoments(history, modules), modules })?.isSettled;
}
