import { join } from 'node:path';
import { z } from 'zod';
import { readYamlKeys } from '../config/config-file.ts';
import { InputError } from '../core/errors.ts';
import { readSealedJson } from '../files/noted-hashes.ts';
import { isThere } from '../files/regular-file.ts';
import { readTextFile } from '../files/text-files.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { ComparisonView } from '../report/comparison.ts';
import { comparisonHtml } from '../report/comparison-report.ts';
import type { HeatMapModule } from '../report/heat-map.ts';
import { structureSvg } from '../report/pictures/heat-map-svg.ts';
import { reportHtml } from '../report/run-report.ts';
import { type RunView, searchMoments, shownModules } from '../report/run-view.ts';
import { curvesPicture } from '../report/sections.ts';
import type { RunSettings } from '../report/verdict/longer.ts';
import { runVerdict } from '../report/verdict/run-verdict.ts';
import type { WrittenVerdict } from '../report/verdict/verdict.ts';
import { outcomes } from '../report/verdict/verdict.ts';
import { sampleMetrics } from '../runs/metrics-log.ts';
import { readResult, scoreRecord } from '../runs/result.ts';
import { type RunFolder, requireRun, runFolder } from '../runs/run-folder.ts';
import { standingOf, unfinished } from '../runs/run-outcome.ts';
import { keptAt, type SearchHistory, sampleHistory } from '../runs/search-history.ts';
import { readStructure } from '../structure/structure-file.ts';
import { nameable, originRecord, type Placing, placingOf } from './experiment-origin.ts';
import type { JobOutcome } from './run-job.ts';

/**
 * Reads what a run has written.
 * @throws InputError where the folder holds no run, or one that has no result yet
 */
export async function readRun(path: string): Promise<JobOutcome> {
  const folder = runFolder(path);
  requireRun(folder);
  const result = await readResult(folder.result);
  if (result === undefined || !isThere(folder.structure)) {
    throw unfinished(folder, standingOf(folder), 'has no result yet');
  }
  return { folder, result, structure: await readStructure(folder.structure) };
}

/** What a report holds beside the page. */
export interface ReportOptions {
  /** Write each picture as PNG, too. */
  readonly png?: boolean;
}

/**
 * Writes `report.html`, `heatmap.svg` and `curves.svg` into the run's folder.
 * @returns paths of the files written
 * @throws InputError where PNGs are asked for on a machine without a font
 */
export async function writeReport(
  { folder, result, structure }: JobOutcome,
  { png = false }: ReportOptions = {},
): Promise<string[]> {
  const view = await readRunView(folder);
  const modules = shownModules(structure);
  const title = `${result.task} on ${result.model}`;
  const pictures = new Map([
    [folder.heatmap, structureSvg(modules, title)],
    [folder.curves, curvesPicture(view.metrics, `${title}: loss and validation score`)],
  ]);
  const files = new Map<string, string | Uint8Array>([
    [folder.report, reportHtml({ ...view, result, modules })],
    ...pictures,
    ...(png ? await asPngs(pictures) : []),
  ]);
  for (const [path, content] of files) await writeFileWhole(path, content);
  return [...files.keys()];
}

/** The drawing library is native code, which most runs need not load. */
async function asPngs(pictures: ReadonlyMap<string, string>): Promise<[path: string, png: Uint8Array][]> {
  const { pngOf } = await import('../report/pictures/png.ts');
  return Array.from(pictures, ([path, svg]) => [path.replace(/\.svg$/, '.png'), pngOf(svg)]);
}

/** More of a long run cannot be told apart in a curve, or by a slider. */
const MOST_VALIDATIONS = 2000;
const MOST_MOMENTS = 200;

/**
 * Reads what a run has written so far.
 * @throws InputError where the folder holds no run, or a file of it is damaged
 */
export async function readRunView(folder: RunFolder): Promise<RunView> {
  requireRun(folder);
  const config = await readTextFile(folder.config);
  const result = await readResult(folder.result);
  const history = await sampleHistory(folder.history, MOST_MOMENTS);
  const structure = isThere(folder.structure) ? await readStructure(folder.structure) : undefined;
  const modules = structure ? shownModules(structure) : modulesSoFar(history);
  const finalists = structure?.finalists;
  const moments = history === undefined ? [] : searchMoments(history, modules);
  const metrics = await sampleMetrics(folder.metrics, MOST_VALIDATIONS);
  const settings = readRunSettings(folder);
  // A job whose training is still to end is not judged: what it goes on with, its outcome says.
  const isOver = result?.score !== undefined || settings.retrain === false;
  const verdict =
    result &&
    isOver &&
    runVerdict({ result, modules, moments, metrics, finalists, folder: nameable(folder.path), settings });
  return {
    ...(result && { result }),
    ...{ modules, moments, metrics, config },
    ...(finalists && { finalists }),
    ...(verdict && { verdict }),
  };
}

/** The settings that a run was made with, completed. */
export function readRunSettings({ config }: Pick<RunFolder, 'config'>): RunSettings {
  return (readYamlKeys(config) ?? {}) as RunSettings;
}

/** The structure of a search that goes on, as its last line has it. */
function modulesSoFar(history: SearchHistory | undefined): HeatMapModule[] {
  const last = history?.lines.at(-1);
  if (history === undefined || last === undefined) return [];
  const kept = keptAt(history, last);
  const modules = history.candidates.map((candidate, index) => ({
    ...candidate,
    ...{ options: {}, worth: last.worth?.[index] ?? null, p: last.p?.[index] ?? null, kept: kept[index]! },
  }));
  return shownModules({ modules, budget: history.budget, ...(history.labels && { labels: history.labels }) });
}

const spread = z.object({ mean: scoreRecord, sd: scoreRecord.nullable() });

const row = z.object({
  task: z.string(),
  method: z.string(),
  label: z.string(),
  variant: z.string(),
  budget: z.string().nullable(),
  isFound: z.boolean(),
  metric: z.string(),
  scale: z.object({ low: z.number(), high: z.number() }).optional(),
  seeds: z.array(z.number()),
  scores: z.array(scoreRecord),
  test: spread,
  testInterval: z.object({ low: scoreRecord, high: scoreRecord }).optional(),
  validation: spread,
  majority: scoreRecord,
  parameters: z.number(),
  fraction: z.number(),
  seconds: z.number().nullable(),
  evaluations: z.number().nullable(),
  peakBytes: z.number().nullable(),
  foundLessThis: z
    .object({
      ...{ difference: scoreRecord, p: z.number(), pairs: z.number(), smallestP: z.number() },
      ...{ method: z.string(), budget: z.string().nullable() },
      // Of an older version neither is known.
      sd: scoreRecord.nullable().default(null),
      interval: z.object({ low: scoreRecord, high: scoreRecord }).nullable().default(null),
    })
    .optional(),
});

/** A verdict as a file has it. */
export const verdictRecord = z.object({
  // Another version may know others.
  outcome: z.enum(outcomes).optional().catch(undefined),
  lines: z.array(z.object({ about: z.string(), says: z.string() })),
  next: z.object({ command: z.string(), why: z.string() }),
});

/** The runs of an experiment that have failed, as its file has them. */
export const failedRecords = z
  .array(z.object({ run: z.string(), folder: z.string().optional(), message: z.string() }))
  .catch([]);

const comparison = z.object({
  model: z.string(),
  rows: z.array(row),
  sharedBudgets: z.record(z.string(), z.number()).default({}),
  failed: failedRecords,
  verdicts: z.array(verdictRecord.extend({ task: z.string(), budget: z.string().nullable() })).default([]),
  made: originRecord,
});

/** Where a comparison keeps what it has found. */
export const comparisonFile = (folder: string) => join(folder, 'compare.json');

/** Whether a folder is one of a comparison, a sweep or a transfer that has ended. */
export function holdsComparison(folder: string): boolean {
  return isThere(comparisonFile(folder));
}

/** What a comparison has found, in words that hold here. InputError where its file is none, or has changed. */
export async function readComparison(folder: string): Promise<ComparisonView> {
  const { made, ...found } = await readFound(comparisonFile(folder), comparison, 'comparison');
  const placing = placingOf(made, folder);
  return {
    ...found,
    failed: placedFailures(found.failed, placing),
    verdicts: found.verdicts.map(verdict => placedVerdict(verdict, placing)),
  };
}

/** A verdict whose command can be given here. */
export function placedVerdict<V extends WrittenVerdict>(verdict: V, { command }: Placing): V {
  return { ...verdict, next: { ...verdict.next, command: command(verdict.next.command) } };
}

/** Runs that have failed, with their folders as they are found here. */
export function placedFailures(failed: ComparisonView['failed'], { path }: Placing): ComparisonView['failed'] {
  return failed.map(each => ({ ...each, ...(each.folder !== undefined && { folder: path(each.folder) }) }));
}

/** The document of a comparison, as it was written but for commands, which hold here. */
export async function readComparisonDocument(folder: string): Promise<string> {
  const { made, verdicts } = await readFound(comparisonFile(folder), comparison, 'comparison');
  return placedDocument(await readTextFile(join(folder, 'compare.md')), verdicts, placingOf(made, folder));
}

/** A document with its verdicts' commands as they can be given here. */
export function placedDocument(text: string, verdicts: readonly WrittenVerdict[], { command }: Placing): string {
  return verdicts.reduce(
    (placed, { next }) => placed.replaceAll(`\n${next.command}\n`, () => `\n${command(next.command)}\n`),
    text,
  );
}

/**
 * What an experiment has written.
 * @throws InputError where the file is none of its kind, or has changed
 */
export async function readFound<Found>(where: string, schema: z.ZodType<Found>, kind: string): Promise<Found> {
  const parsed = schema.safeParse(await readSealedJson(where));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError(`not the result of a ${kind}: ${path.join('.') || 'content'}: ${message}`, {
    code: 'unreadable-result',
    where,
    remedy: `it was changed by hand or by another version: give the command of the ${kind} again`,
    cause: parsed.error,
  });
}

/** Writes `report.html` into the folder of a comparison. Returns its path, and what was read. */
export async function writeComparisonReport(
  folder: string,
): Promise<{ readonly report: string; readonly comparison: ComparisonView }> {
  const report = join(folder, 'report.html');
  const read = await readComparison(folder);
  await writeFileWhole(report, comparisonHtml(read));
  return { report, comparison: read };
}
