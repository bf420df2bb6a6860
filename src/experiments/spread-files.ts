import { join } from 'node:path';
import { z } from 'zod';
import { count, score } from '../core/format.ts';
import { mean, type SpreadEstimate } from '../core/statistics.ts';
import { sealedJson } from '../files/noted-hashes.ts';
import { isThere } from '../files/regular-file.ts';
import { readTextFile } from '../files/text-files.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { originOf, originRecord, placingOf } from '../jobs/experiment-origin.ts';
import {
  failedRecords,
  placedDocument,
  placedFailures,
  placedVerdict,
  readFound,
  verdictRecord,
} from '../jobs/report-job.ts';
import { scaleOf } from '../metrics/metrics.ts';
import type { ComparisonView } from '../report/comparison.ts';
import { curvesSvg } from '../report/pictures/curve-svg.ts';
import { spreadPlotSvg } from '../report/pictures/plots-svg.ts';
import { verdictMarkdown } from '../report/run-report.ts';
import { deviationOnScale } from '../report/score-scale.ts';
import type { Spread } from '../report/spread.ts';
import { type Table, tableMarkdown } from '../report/table.ts';
import type { WrittenVerdict } from '../report/verdict/verdict.ts';
import { scoreRecord } from '../runs/result.ts';
import { fileName } from './cell.ts';

const estimateRecord = z.object({ sd: scoreRecord, low: scoreRecord, high: scoreRecord });
const components = z.object({
  ...{ structures: z.number(), seeds: z.number(), mean: scoreRecord },
  ...{ between: estimateRecord, within: estimateRecord },
});

const spreadRecord = z.object({
  ...{ task: z.string(), budget: z.string(), metric: z.string(), majority: scoreRecord, steps: z.number() },
  seeds: z.array(z.number()),
  structures: z.array(
    z.object({
      ...{ structure: z.number(), file: z.string(), modules: z.number(), parameters: z.number() },
      ...{ tests: z.array(scoreRecord), validations: z.array(scoreRecord) },
    }),
  ),
  test: components.optional(),
  along: z.array(z.object({ step: z.number(), score: components, loss: components.optional() })),
  verdict: verdictRecord,
});

const spreadFile = z.object({
  ...{ model: z.string(), spreads: z.array(spreadRecord), failed: failedRecords },
  made: originRecord,
});

/** All that a spread has found; the content of `spread.json`. */
export interface SpreadOutcome {
  readonly model: string;
  /** A task and budget each. */
  readonly spreads: readonly (Spread & { readonly verdict: WrittenVerdict })[];
  readonly failed: ComparisonView['failed'];
}

/** Where a spread keeps what it has found. */
const fileOf = (folder: string) => join(folder, 'spread.json');

/** Whether a folder is one of a spread that has ended. */
export const holdsSpread = (folder: string): boolean => isThere(fileOf(folder));

/** What a spread has found, in words that hold here. InputError where its file is none, or has changed. */
export async function readSpread(folder: string): Promise<SpreadOutcome> {
  const { made, model, spreads, failed } = await readFound(fileOf(folder), spreadFile, 'spread');
  const placing = placingOf(made, folder);
  return {
    model,
    spreads: spreads.map(({ structures, verdict, ...spread }) => ({
      ...spread,
      structures: structures.map(each => ({ ...each, file: placing.path(each.file) })),
      verdict: placedVerdict(verdict, placing),
    })),
    failed: placedFailures(failed, placing),
  };
}

/** The document of a spread, as it was written but for commands, which hold here. */
export async function readSpreadDocument(folder: string): Promise<string> {
  const { made, spreads } = await readFound(fileOf(folder), spreadFile, 'spread');
  const verdicts = spreads.map(({ verdict }) => verdict);
  return placedDocument(await readTextFile(join(folder, 'spread.md')), verdicts, placingOf(made, folder));
}

/** What a spread is of. */
export function spreadTitle({ task, budget }: Pick<Spread, 'task' | 'budget'>): string {
  return `${task} at ${budget}`;
}

const estimate = ({ sd, low, high }: SpreadEstimate, digits = 2) =>
  `${sd.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;

/** Standard deviations between structures and within, with their 95 % intervals, along the training and at its end. */
export function componentsTable({ along, test, steps, metric }: Spread): Table {
  const line = (step: string, what: string, of: NonNullable<Spread['test']>, digits: number) => [
    ...[step, what, of.mean.toFixed(digits)],
    ...[estimate(of.between, digits), estimate(of.within, digits)],
  ];
  const ofScores = (step: number, what: string, of: NonNullable<Spread['test']>) => {
    const shown = (part: SpreadEstimate) => deviationOnScale(part, of.mean, scaleOf(metric));
    return line(String(step), what, { ...of, between: shown(of.between), within: shown(of.within) }, 2);
  };
  return {
    header: ['after steps', 'of', 'mean', 'between structures', 'within (training)'],
    rows: [
      ...along.flatMap(({ step, score: scores, loss }) => [
        ...(loss === undefined ? [] : [line(String(step), 'validation loss', loss, 3)]),
        ofScores(step, 'validation score', scores),
      ]),
      ...(test === undefined ? [] : [ofScores(steps, 'test score', test)]),
    ],
  };
}

/** Every structure with its scores, the best on validation first. */
export function structuresTable({ structures, seeds }: Spread): Table {
  const sorted = structures.toSorted((a, b) => mean(b.validations) - mean(a.validations));
  return {
    header: ['structure', 'modules', 'parameters', 'validation', 'test', ...seeds.map(seed => `test, seed ${seed}`)],
    rows: sorted.map(({ structure, modules, parameters, validations, tests }) => [
      ...[String(structure), count(modules), count(parameters), score(mean(validations)), score(mean(tests))],
      ...tests.map(score),
    ]),
  };
}

/** How the structures' spread changes while they are trained: of the loss, where it was taken, else of the score. */
function alongSvg({ along, ...spread }: Spread): string | undefined {
  if (along.length < 2) return undefined;
  const ofLoss = along.every(({ loss }) => loss !== undefined);
  const points = (part: 'between' | 'within') =>
    along.map(({ step, loss, score: scores }) => ({ step, value: (ofLoss ? loss! : scores)[part].sd }));
  const what = ofLoss ? 'validation loss' : 'validation score';
  return curvesSvg(`${spreadTitle(spread)}: sd of the ${what}`, [
    { name: 'between structures', points: points('between') },
    { name: 'within: the noise of a training', points: points('within') },
  ]);
}

/** Writes `spread.json`, `spread.md` and the pictures. */
export async function writeSpread(out: string, outcome: SpreadOutcome): Promise<void> {
  const files = new Map([
    ['spread.md', spreadMarkdown(outcome)],
    ['spread.json', sealedJson({ ...outcome, made: originOf(out) })],
  ]);
  for (const spread of outcome.spreads) {
    const name = fileName(spreadTitle(spread));
    if (spread.structures.length > 0) files.set(`spread-${name}.svg`, spreadPlotSvg(spread));
    const along = alongSvg(spread);
    if (along !== undefined) files.set(`along-${name}.svg`, along);
  }
  for (const [name, content] of files) await writeFileWhole(join(out, name), content);
}

/** What one has to know to read the tables, in sentences. */
export const spreadNote =
  'Standard deviations with 95 % intervals: between structures with the noise of training taken out, ' +
  'and within a structure from seed to seed, what a seed does to all structures alike taken out. Rates ' +
  'fall to 0 at the last step, so that an earlier step is not a training of that length.';

function spreadMarkdown({ model, spreads, failed }: SpreadOutcome): string {
  return [
    `# Spread of random structures on ${model}`,
    ...spreads.flatMap(spread => [
      ...verdictMarkdown(spread.verdict, `Verdict on ${spreadTitle(spread)}`),
      `![a dot a structure](<spread-${fileName(spreadTitle(spread))}.svg>)`,
      ...[tableMarkdown(componentsTable(spread)), tableMarkdown(structuresTable(spread))],
    ]),
    spreadNote,
    ...(failed.length === 0 ? [] : ['## Failed', ...failed.map(({ run, message }) => `- ${run}: ${message}`)]),
    '',
  ].join('\n\n');
}
