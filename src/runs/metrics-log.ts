import { dirname } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../files/folders.ts';
import { appendJsonLine, readJsonLines, readLastJsonLines, sampleJsonLines } from '../files/json-lines.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { RunFolder } from './run-folder.ts';

/** Stages of a job, in their order. `random` is the re-training of a random structure of equal budget. */
export type StageName = 'search' | 'retrain' | 'random';

/** One line of `metrics.jsonl`: one validation, or so many steps of a search that has none. */
export interface MetricsLine {
  readonly stage: StageName;
  /** Name of the attempt, where a method makes several. */
  readonly trial?: string;
  readonly step: number;
  readonly steps: number;
  /**
   * Mean training loss since the line before, in nats a target token; null in runs that an early version resumed.
   */
  readonly loss: number | null;
  readonly learningRate: number;
  /** Validation score, 0 to 100; absent where nothing was validated, as is the best. */
  readonly score?: number;
  /** Mean loss of the validation examples, where it was asked for. */
  readonly validationLoss?: number;
  readonly best?: number;
  /** Seconds since the stage began. */
  readonly seconds: number;
}

/** Appends a line, on the disk when this returns. StorageError where the system refuses. */
export function appendMetrics(file: string, line: MetricsLine): void {
  appendJsonLine(file, line);
}

/**
 * All lines of a run's log, in order. A step that was done again after a resumption counts once, with its last line; a
 * line that a crash has cut short is left out.
 */
export function readMetrics(file: string): MetricsLine[] {
  return latest(readJsonLines(file));
}

/** The same for people to look at: of a long log about so many. */
export async function sampleMetrics(file: string, most: number): Promise<MetricsLine[]> {
  return latest(await sampleJsonLines(file, most));
}

/** The last lines of a run's log, those that so many bytes at its end hold. */
export function readLastMetrics(file: string, bytes: number): MetricsLine[] {
  return latest(readLastJsonLines(file, bytes));
}

function latest(all: readonly unknown[]): MetricsLine[] {
  const lines = new Map<string, MetricsLine>();
  for (const line of all) {
    if (isMetricsLine(line)) lines.set(`${line.stage} ${line.trial ?? ''} ${line.step}`, line);
  }
  return [...lines.values()];
}

/** Rewrites the file with its whole lines only, so that appending can go on after a crash. */
export async function repairMetrics(file: string): Promise<void> {
  if (!isThere(file)) return;
  const lines = readMetrics(file).map(line => `${JSON.stringify(line)}\n`);
  await writeFileWhole(file, lines.join(''));
}

function isMetricsLine(line: unknown): line is MetricsLine {
  const { stage, trial, step } = (line ?? {}) as Partial<MetricsLine>;
  return typeof stage === 'string' && typeof step === 'number' && ['string', 'undefined'].includes(typeof trial);
}

const stagesToCome = z.array(
  z.object({
    /** As in `metrics.jsonl`, or `test`. */
    stage: z.string(),
    /** Name of the attempt, where a method makes several. */
    trial: z.string().optional(),
    /** Loss-and-gradient evaluations; 0 where it has none. */
    evaluations: z.number(),
  }),
);

/** Every stage of a job, in its order: what it costs is known before it begins. */
export type PlannedStages = Readonly<z.infer<typeof stagesToCome>>;

/** Notes beside a run's state what its job will do, for whoever looks at it from outside. */
export async function writeStagesToCome({ stages }: RunFolder, planned: PlannedStages): Promise<void> {
  await makeFolder(dirname(stages));
  await writeFileWhole(stages, JSON.stringify(planned));
}

/** A run's stages, and the place among them of the one that a line was written in; undefined where it is not known. */
export function readStagesToCome(
  { stages }: RunFolder,
  { stage, trial }: Pick<MetricsLine, 'stage' | 'trial'>,
): { readonly stages: PlannedStages; readonly place: number } | undefined {
  if (!isThere(stages)) return undefined;
  try {
    const planned = stagesToCome.parse(JSON.parse(readBytesSync(stages).toString()));
    const place = planned.findIndex(each => each.stage === stage && each.trial === trial);
    return place < 0 ? undefined : { stages: planned, place };
  } catch {
    // It may be another version's: nothing but a time that is told hangs on it.
    return undefined;
  }
}
