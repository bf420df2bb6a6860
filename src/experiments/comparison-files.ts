import { join } from 'node:path';
import { sealedJson } from '../files/noted-hashes.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { allTasks, type ComparisonRow } from '../report/comparison.ts';
import { seriesOf } from '../report/comparison-report.ts';
import { comparisonTable, csvLines, rowName, scoreMatrix } from '../report/comparison-tables.ts';
import { heatMap } from '../report/heat-map.ts';
import { heatMapSvg } from '../report/pictures/heat-map-svg.ts';
import { categoryPlotSvg } from '../report/pictures/plots-svg.ts';
import { scorePlotSvg } from '../report/pictures/score-plot-svg.ts';
import { verdictMarkdown } from '../report/run-report.ts';
import { resourcesOverRuns } from '../report/summary.ts';
import { type Table, tableMarkdown } from '../report/table.ts';
import type { TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import { runFolder } from '../runs/run-folder.ts';
import { readStructure, type Structure } from '../structure/structure-file.ts';
import { fileName } from './cell.ts';
import type { Comparison } from './comparison-job.ts';
import { probabilityMaps } from './found-structures.ts';

/** Rows of one task, or of the mean of all. */
export function rowsByTask({ rows }: Comparison): [task: string, rows: ComparisonRow[]][] {
  return [...Map.groupBy(rows, row => row.task)];
}

export function severalTasks({ rows }: Comparison): boolean {
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

/** Where the budget holds everything nothing is searched: p is 1 throughout. */
function isSearched({ modules }: Structure): boolean {
  return modules.some(({ p }) => p !== null && p !== 1);
}

/** Writes `compare.json`, `.md`, `.csv` and the pictures. Returns their paths, the most useful first. */
export async function writeComparison(out: string, comparison: Comparison): Promise<string[]> {
  const files = new Map<string, string>([
    ['compare.md', comparisonMarkdown(comparison)],
    ['compare.csv', comparisonCsv(comparison)],
    ['compare.json', sealedJson({ ...comparison })],
  ]);
  for (const [task, rows] of rowsByTask(comparison)) {
    const metric = `test ${rows[0]!.metric}`;
    const baseline = { name: 'always the commonest label', value: rows[0]!.majority };
    const svg = scorePlotSvg(`${task} on ${comparison.model}`, metric, seriesOf(rows), baseline);
    files.set(`scores-${fileName(task)}.svg`, svg);
  }
  for (const [name, svg] of methodsPlots(comparison)) files.set(name, svg);
  for (const { name, file, structures } of await searchedStructures(comparison)) {
    const { mean, spread, keptBy: kept } = probabilityMaps(structures);
    const over = `over ${structures.length} seed${structures.length === 1 ? '' : 's'}`;
    files.set(
      `p-mean-${file}.svg`,
      heatMapSvg(heatMap(mean), `${name}: mean of p ${over}`, { quantity: 'mean p', kept }),
    );
    if (structures.length > 1) {
      files.set(
        `p-spread-${file}.svg`,
        heatMapSvg(heatMap(spread), `${name}: sd of p ${over}`, { quantity: 'sd of p' }),
      );
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
export function verdictTitle({ task, budget }: TaskVerdict): string {
  return `Verdict on ${task}${budget === null ? '' : ` at ${budget}`}`;
}

/** What one has to know to read the tables, in sentences. */
export function comparisonNotes({ rows, test, sharedBudgets, overhead }: Comparison): string[] {
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
