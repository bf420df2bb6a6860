import { count, percent, score } from '../core/format.ts';
import { mean } from '../core/statistics.ts';
import type { Table } from './table.ts';

/**
 * `running`: a process works on it, or, where another machine's does or did, it has written something lately.
 * `stopped`, `failed`, `finished`: as its last process has said; `killed`: it has said nothing. `damaged`: a file
 * cannot be read.
 */
export type RunState = 'running' | 'stopped' | 'failed' | 'killed' | 'finished' | 'damaged';

/** A comparison, a sweep or a transfer that has ended: a folder of runs with what they have shown together. */
export interface ComparisonSummary {
  /** Path of its folder below the folder that is served; `.` is that itself. */
  readonly id: string;
  /** When it was written last, in milliseconds since 1970. */
  readonly changed: number;
}

/** Where an unfinished run stood when it wrote last. */
export interface RunProgress {
  readonly stage: string;
  readonly step: number;
  /** 0 where the stage has only just begun, and its length is not known yet. */
  readonly steps: number;
  /** Its last validation, where its curves end, if it was left after a later step: from `step` it goes on. */
  readonly validated?: number;
  /** Since the stage began. */
  readonly seconds?: number;
  /** Steps between its last two lines, or before its first. */
  readonly every?: number;
  /** What is to come after it, in parts of what it takes itself. */
  readonly later?: number;
}

/**
 * What is to come after a stage of a job, in parts of what it takes itself: a loss-and-gradient evaluation takes as
 * long in each. Undefined where that is not known.
 * @param place of the stage among all of the job, in their order
 */
export function shareToCome(stages: readonly { readonly evaluations: number }[], place: number): number | undefined {
  const own = stages[place]?.evaluations ?? 0;
  if (own === 0) return undefined;
  return stages.slice(place + 1).reduce((sum, { evaluations }) => sum + evaluations, 0) / own;
}

/** A run as one line of a list. */
export interface RunSummary {
  /** Path of its folder below the folder that is served, with `/` between names. */
  readonly id: string;
  readonly state: RunState;
  /** When it wrote last, in milliseconds since 1970. */
  readonly changed: number;
  readonly task: string;
  readonly model: string;
  /** `search`, a manual method, or `structure` where a structure file was given. */
  readonly method: string;
  /** Settings that make another search or training of it, by key; those that are not set stand for nothing. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Its stages, in their order. */
  readonly stages?: readonly string[];
  readonly seed: number | null;
  /** How it ended where it is not finished, in words; the command that goes on, or begins anew, as `wayOn` says. */
  readonly ended?: { readonly text: string; readonly goOn?: string; readonly wayOn?: string };
  /** Of an unfinished run. */
  readonly progress?: RunProgress;
  readonly metric?: string;
  /** 0 to 100. */
  readonly validation?: number;
  readonly test?: number;
  /** Examples that it learnt from and was judged by. */
  readonly examples?: { readonly train: number; readonly test: number };
  readonly parameters?: number;
  readonly modules?: number;
  /** Of the backbone's parameters. */
  readonly budget?: number;
  /** Task that its structure was found on, several joined by `+`; absent where it was not found. */
  readonly source?: string;
}

/**
 * Mean test score of every method on every task, with the number of runs where it is more than one. Means are over like
 * runs alone: of one model, budget and source, one form of search and training, judged by as many examples. Where a
 * name stands for several such groups, each has rows of its own, which say what differs.
 */
export function methodsTable(runs: readonly RunSummary[]): Table {
  const scored = runs.filter(run => run.test !== undefined);
  return crossTable('method', scored, run => run.method, [foundOn]);
}

/**
 * Test scores of structures on the tasks they were found on (the diagonal) and on others: source × target, the mean
 * over runs with their number, told apart as above.
 */
export function transferTable(runs: readonly RunSummary[]): Table {
  const found = runs.filter(run => run.test !== undefined && run.source !== undefined);
  return crossTable('found on ↓ used on →', found, run => run.source!, []);
}

type NameOf = (run: RunSummary) => string;

const foundOn: NameOf = ({ source, task }) => (source === undefined || source === task ? '' : ` found on ${source}`);

function crossTable(corner: string, runs: readonly RunSummary[], nameOf: NameOf, parts: readonly NameOf[]): Table {
  const rows = Map.groupBy(runs, rowNames(runs, nameOf, parts));
  const targets = sorted(new Set(runs.map(run => run.task)));
  const cell = (row: readonly RunSummary[], target: string) => {
    const scores = row.filter(run => run.task === target).map(run => run.test!);
    if (scores.length === 0) return '–';
    return scores.length === 1 ? score(scores[0]!) : `${score(mean(scores))} (${scores.length})`;
  };
  return {
    header: [corner, ...targets.map(target => columnName(target, runs))],
    rows: sorted(rows.keys()).map(name => [name, ...targets.map(target => cell(rows.get(name)!, target))]),
  };
}

/** The task with its metric and the size of its test set, where all of its runs have one: `rte (accuracy of 138)`. */
function columnName(task: string, runs: readonly RunSummary[]): string {
  const own = runs.filter(run => run.task === task);
  const [metrics, sizes] = [new Set(own.map(run => run.metric)), new Set(own.map(run => run.examples?.test))];
  const [metric, size] = [...metrics, ...sizes];
  if (metrics.size > 1 || metric === undefined) return task;
  return sizes.size > 1 || size === undefined ? `${task} (${metric})` : `${task} (${metric} of ${count(Number(size))})`;
}

/** What each run's row is called: its name, and what tells it from others of that name. */
function rowNames(runs: readonly RunSummary[], nameOf: NameOf, parts: readonly NameOf[]): NameOf {
  const isOneModel = new Set(runs.map(run => run.model)).size <= 1;
  const keys = [...new Set(runs.flatMap(({ settings = {} }) => Object.keys(settings)))];
  const all: NameOf[] = [
    ...parts,
    ...keys.map(
      (key): NameOf =>
        run =>
          run.settings?.[key] === undefined ? '' : `, ${key} ${run.settings[key]}`,
    ),
    ({ budget }) => (budget === undefined ? '' : ` at ${percent(budget)}`),
    ({ examples }) => (examples === undefined ? '' : `, ${examples.train} training and ${examples.test} test examples`),
  ];
  const onModel: NameOf = run => (isOneModel ? nameOf(run) : `${nameOf(run)}, ${run.model}`);
  return all.reduce((name, part) => withPart(runs, name, part), onModel);
}

/** Adds a part to each name that stands, on one task, for runs with different ones. */
function withPart(runs: readonly RunSummary[], nameOf: NameOf, partOf: NameOf): NameOf {
  const several = new Set<string>();
  for (const [name, group] of Map.groupBy(runs, nameOf)) {
    const onTasks = [...Map.groupBy(group, run => run.task).values()];
    if (onTasks.some(own => new Set(own.map(partOf)).size > 1)) several.add(name);
  }
  return run => (several.has(nameOf(run)) ? `${nameOf(run)}${partOf(run)}` : nameOf(run));
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * Runs side by side: what came of each, how far it is from the best, and what was spent. Only runs that were judged
 * alike have a best.
 */
export function runsTable(runs: readonly RunSummary[]): Table {
  const scored = runs.filter(run => run.test !== undefined);
  const judgedBy = ({ task, metric, examples }: RunSummary) => [task, metric, examples?.test].join(' ');
  const isAlike = new Set(scored.map(judgedBy)).size === 1;
  const best = isAlike && scored.length > 1 ? Math.max(...scored.map(run => run.test!)) : undefined;
  const toBest = (test: number | undefined) => {
    if (best === undefined || test === undefined) return '–';
    return test === best ? 'best' : `−${score(best - test)}`;
  };
  return {
    header: ['run', 'test', 'to the best', 'method', 'seed', 'parameters', 'modules', 'validation', 'task', 'model'],
    rows: runs.map(({ id, task, model, method, seed, parameters, modules, validation, test }) => [
      ...[id, test === undefined ? '–' : score(test), toBest(test), method, seed === null ? '' : String(seed)],
      ...[parameters, modules].map(value => (value === undefined ? '–' : count(value))),
      ...[validation === undefined ? '–' : score(validation), task, model],
    ]),
  };
}
