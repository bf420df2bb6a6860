import { join } from 'node:path';
import { mean } from '../core/statistics.ts';
import { sealedJson } from '../files/noted-hashes.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { originOf } from '../jobs/experiment-origin.ts';
import { readRunSettings } from '../jobs/report-job.ts';
import { scaleOf } from '../metrics/metrics.ts';
import {
  allTasks,
  type ComparedRun,
  type ComparisonRow,
  type ComparisonView,
  compareRuns,
} from '../report/comparison.ts';
import { seriesOf } from '../report/comparison-report.ts';
import { comparisonTable, csvLines, rowName, scoreMatrix, testSentence } from '../report/comparison-tables.ts';
import { heatMap } from '../report/heat-map.ts';
import { heatMapSvg } from '../report/pictures/heat-map-svg.ts';
import { categoryPlotSvg, scorePlotSvg } from '../report/pictures/plots-svg.ts';
import { verdictMarkdown } from '../report/run-report.ts';
import { searchMoments, shownModules } from '../report/run-view.ts';
import { resourcesOverRuns } from '../report/summary.ts';
import { type Table, tableMarkdown } from '../report/table.ts';
import { cheapest, holdsAll } from '../report/verdict/candidates.ts';
import { comparisonVerdicts, type TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import { type FoundStructure, overrulerOf } from '../report/verdict/row-lines.ts';
import { settlement } from '../report/verdict/settlement.ts';
import { commandLine, type Flags } from '../report/verdict/verdict.ts';
import type { RunResult } from '../runs/result.ts';
import { experimentFile, runFolder } from '../runs/run-folder.ts';
import { readHistory } from '../runs/search-history.ts';
import { readStructure, type Structure } from '../structure/structure-file.ts';
import { type Cell, cellKind, cellName, fileName } from './cell.ts';
import { type ExecutorSettings, executorFlags } from './executors/executors.ts';
import { type MapWords, probabilityMaps } from './found-structures.ts';
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
  readonly plan: Omit<ExperimentCells, 'phases'>;
  /** All of its runs, in the order in which tables shall list their kinds. */
  readonly cells: readonly Cell[];
  readonly outcome: ExperimentOutcome;
  /** Its folder. */
  readonly out: string;
  /** Who did the runs. */
  readonly executor: ExecutorSettings;
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
  const rows = withScales(compareRuns(runs));
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

/** With the ends of their scores, which the mean of tasks has as the means of theirs. */
function withScales(rows: readonly ComparisonRow[]): ComparisonRow[] {
  const scales = rows.filter(({ task }) => task !== allTasks).map(({ metric }) => scaleOf(metric));
  const ofAll = { low: mean(scales.map(({ low }) => low)), high: mean(scales.map(({ high }) => high)) };
  return rows.map(row => ({ ...row, scale: row.task === allTasks ? ofAll : scaleOf(row.metric) }));
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
export async function verdictsOn(comparison: Comparison, done: ExperimentDone): Promise<TaskVerdict[]> {
  const { rows, runs } = comparison;
  const { plan, cells, out, executor } = done;
  const given = {
    tasks: Object.fromEntries(cells.map(({ task, settings }) => [task, settings.task ?? task])),
    methods: Object.fromEntries(cells.map(cell => [cell.method, methodOf(cell)])),
    again: plan.again,
    executor: executorFlags(executor),
  };
  const found = runs.find(({ isFound }) => isFound);
  return comparisonVerdicts({
    ...{ rows, out, given, runs, least: plan.least },
    commandOf: row => commandOf(row, done),
    settings: found === undefined ? {} : readRunSettings(runFolder(found.folder)),
    searches: await foundStructures(comparison),
  });
}

/** The command that does what a row does, once: what its runs have of their own, over what every run has alike. */
export function commandOf(
  row: Pick<ComparisonRow, 'task' | 'method' | 'variant' | 'budget'>,
  { plan: { common }, outcome, out }: Pick<ExperimentDone, 'plan' | 'outcome' | 'out'>,
): string {
  const taskOf = (cell: Cell) => (row.task === allTasks ? allTasks : cell.task);
  const { cell } = outcome.finished.find(
    each => cellKind({ ...each.cell, task: taskOf(each.cell) }) === cellKind(row),
  )!;
  const { seed, lr, ...settings } = cell.settings;
  const own = Object.entries(settings).filter(([key, value]) => value !== common[key]);
  // A rate of its own that nobody has said is a default, which the common one would take the place of.
  const rate = lr === common.lr ? {} : { lr: Number(readRunSettings(runFolder(cell.folder)).lr) };
  return commandLine(cell.job, [experimentFile(out)], { ...Object.fromEntries(own), ...rate } as Flags);
}

/** What a user writes for a cell's method: a structure of theirs is a file. */
function methodOf({ method, settings, derive }: Cell): string {
  return settings.structure !== undefined && derive === undefined ? settings.structure : method;
}

/** What is known of the structures that were found, beside their scores. Reads them, and their searches' histories. */
export function foundStructures({ runs }: Pick<Comparison, 'runs'>): Promise<FoundStructure[]> {
  return Promise.all(runs.filter(({ isFound }) => isFound).map(foundStructure));
}

async function foundStructure({ folder: path, ...run }: Comparison['runs'][number]): Promise<FoundStructure> {
  const { task, method, variant, budget, result } = run;
  const folder = runFolder(path);
  const structure = await readStructure(folder.structure);
  const modules = shownModules(structure);
  const history = readHistory(folder.history);
  return {
    ...{ task, method, variant, budget },
    isSettled: history && settlement({ moments: searchMoments(history, modules), modules })?.isSettled,
    overruledBy: overrulerOf(structure.finalists),
    holdsAll: holdsAll(modules, result.budget.parameters),
    cheapest: cheapest(modules),
  };
}

/** Rows of one task, or of the mean of all. */
export function rowsByTask({ rows }: ComparisonView): [task: string, rows: ComparisonRow[]][] {
  return [...Map.groupBy(rows, row => row.task)];
}

export function severalTasks({ rows }: ComparisonView): boolean {
  return rows.some(row => row.task !== rows[0]!.task);
}

/** Time and memory of the searches and of what followed them: table 5 of the paper, a line a task and method. */
export function resourcesOf({ runs }: Comparison): Table | undefined {
  const groups = Map.groupBy(runs, run => `${run.task}, ${rowName(run)}`);
  return resourcesOverRuns([...groups].map(([name, group]) => ({ name, results: group.map(run => run.result) })));
}

/** Structures that differ by their seed alone. */
export interface SearchedGroup {
  /** For people. */
  readonly name: string;
  /** For file names. */
  readonly file: string;
  readonly structures: readonly Structure[];
}

/** The structures that were searched, by task, method and budget. */
export async function searchedStructures({ runs }: Comparison): Promise<SearchedGroup[]> {
  const searched = runs.filter(run => run.isFound && run.result.resources.search !== undefined);
  const groups = Map.groupBy(searched, run => `${run.task}, ${rowName(run)}`);
  const read = [...groups].map(async ([name, group]) => {
    const structures = await Promise.all(group.map(run => readStructure(runFolder(run.folder).structure)));
    const { task, method, variant, budget } = group[0]!;
    const file = fileName([task, method, variant, budget].filter(Boolean).join('-'));
    return { name, file, structures: structures.filter(isSearched) };
  });
  return (await Promise.all(read)).filter(({ structures }) => structures.length > 0);
}

/** Where the budget holds everything nothing is searched: p is 1 throughout. Not every search has p. */
function isSearched({ modules }: Structure): boolean {
  return modules.some(({ p, worth }) => (p === null ? worth !== null : p !== 1));
}

/** Writes `compare.json`, `.md`, `.csv` and the pictures. Returns their paths, the most useful first. */
export async function writeComparison(out: string, comparison: Comparison): Promise<string[]> {
  const files = new Map<string, string>([
    ['compare.md', comparisonMarkdown(comparison)],
    ['compare.csv', comparisonCsv(comparison)],
    ['compare.json', sealedJson({ ...comparison, made: originOf(out) })],
  ]);
  for (const [task, rows] of rowsByTask(comparison)) {
    const metric = `test ${rows[0]!.metric}`;
    const baseline = { name: 'always the commonest label', value: rows[0]!.majority };
    const svg = scorePlotSvg(`${task} on ${comparison.model}`, metric, seriesOf(rows), baseline);
    files.set(`scores-${fileName(task)}.svg`, svg);
  }
  for (const [name, svg] of methodsPlots(comparison)) files.set(name, svg);
  for (const { name, file, structures } of await searchedStructures(comparison)) {
    const { mean, spread, keptBy: kept, quantities } = probabilityMaps(structures);
    const over = `over ${structures.length} seed${structures.length === 1 ? '' : 's'}`;
    const titleOf = ({ title }: MapWords) => `${name}: ${title} ${over}`;
    const words = { quantity: quantities.mean.name, kept };
    files.set(`p-mean-${file}.svg`, heatMapSvg(heatMap(mean), titleOf(quantities.mean), words));
    if (structures.length > 1) {
      const picture = heatMapSvg(heatMap(spread), titleOf(quantities.spread), { quantity: quantities.spread.name });
      files.set(`p-spread-${file}.svg`, picture);
    }
  }
  for (const [name, content] of files) await writeFileWhole(join(out, name), content);
  return [...files.keys()].map(name => join(out, name));
}

/** `methods.svg`, or `methods-accuracy.svg`, … where tasks are scored by several metrics: no axis has two. */
function methodsPlots({ rows, model }: Comparison): [name: string, svg: string][] {
  const metrics = Map.groupBy(
    rows.filter(row => row.task !== allTasks),
    row => row.metric,
  );
  return [...metrics].map(([metric, scored]) => {
    // A mean over tasks of several metrics has no axis.
    const own = metrics.size === 1 ? rows : scored;
    const tasks = [...new Set(own.map(row => row.task))];
    const series = [...Map.groupBy(own, rowName)].map(([name, group]) => ({
      name,
      values: tasks.map(task => {
        const row = group.find(each => each.task === task);
        return row === undefined ? null : { ...row.test, scores: row.scores };
      }),
    }));
    const name = metrics.size === 1 ? 'methods.svg' : `methods-${fileName(metric)}.svg`;
    return [name, categoryPlotSvg(`Test ${metric} on ${model}`, tasks, series)];
  });
}

/** The comparison for people, in Markdown. */
export function comparisonMarkdown(comparison: Comparison): string {
  const resources = resourcesOf(comparison);
  return [
    `# Comparison on ${comparison.model}`,
    ...(comparison.verdicts ?? []).flatMap(verdict => verdictMarkdown(verdict, verdictTitle(verdict))),
    ...(severalTasks(comparison) ? ['## All tasks', tableMarkdown(scoreMatrix(comparison.rows))] : []),
    ...rowsByTask(comparison).flatMap(([task, rows]) => [`## ${task}`, tableMarkdown(comparisonTable(rows))]),
    ...comparisonNotes(comparison),
    ...(resources === undefined ? [] : ['## Search and training', tableMarkdown(resources)]),
    ...(comparison.failed.length === 0
      ? []
      : ['## Failed', ...comparison.failed.map(({ run, message }) => `- ${run}: ${message}`)]),
    '',
  ].join('\n\n');
}

/** What a verdict is on. */
export function verdictTitle({ task, budget }: Pick<TaskVerdict, 'task' | 'budget'>): string {
  return `Verdict on ${task}${budget === null ? '' : ` at ${budget}`}`;
}

/** What one has to know to read the tables, in sentences. */
export function comparisonNotes({
  rows,
  sharedBudgets = {},
  overhead,
}: ComparisonView & Pick<Comparison, 'overhead'>): string[] {
  const test = testSentence(rows);
  const mean = rows.some(row => row.task === allTasks) ? ['The mean of tasks is taken seed by seed.'] : [];
  const shared = Object.entries(sharedBudgets).map(
    ([task, parameters]) =>
      `${task}: one search, at ${parameters} parameters (the budgets' geometric mean), serves all budgets; ` +
      'its cost is not in their time.',
  );
  const share = overhead && [
    `Beside steps, validations and tests this took ${(100 * overhead.share).toFixed(1)} % of ` +
      `${Math.round(overhead.seconds)} s.`,
  ];
  const size =
    'Scores are mean ± standard deviation over the seeds; ‱ are parameters of ten thousand of the backbone. Time and ' +
    'losses (those of a batch that were taken with their gradients) are of all stages and attempts of a run, memory ' +
    'the largest resident size of the process.';
  return [size, ...(test === undefined ? [] : [test]), ...mean, ...shared, ...(share ?? [])];
}

function comparisonCsv({ runs }: Comparison): string {
  const header = [
    ...['task', 'method', 'variant', 'budget', 'seed', 'metric', 'test', 'validation', 'majority', 'parameters'],
    ...['searchSeconds', 'trainSeconds', 'searchPeakBytes', 'trainPeakBytes', 'folder'],
  ];
  const rows = runs.map(({ task, method, variant, budget, seed, result, folder }) => {
    const { score, structure, resources } = result;
    return [
      ...[task, method, variant, budget ?? '', seed, score?.metric, score?.test, score?.validation, score?.majority],
      ...[structure.parameters, resources.search?.seconds, (resources.trials ?? resources.retrain)?.seconds],
      ...[resources.search?.peakBytes, resources.retrain?.peakBytes, folder],
    ];
  });
  return csvLines(header, rows);
}
