import { appendJsonLine, readJsonLines, readLastJsonLines, sampleJsonLines } from '../files/json-lines.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';

/** Stages of a job, in their order. `random` is the re-training of a random structure of equal budget. */
export type StageName = 'search' | 'retrain' | 'random';

/** One line of `metrics.jsonl`: one validation. */
export interface MetricsLine {
  readonly stage: StageName;
  /** Name of the attempt, where a method makes several. */
  readonly trial?: string;
  readonly step: number;
  readonly steps: number;
  /**
   * Mean training loss since the validation before, in nats a target token; null in runs that an early version resumed.
   */
  readonly loss: number | null;
  readonly learningRate: number;
  /** Validation score, 0 to 100. */
  readonly score: number;
  /** Mean loss of the validation examples, where it was asked for. */
  readonly validationLoss?: number;
  readonly best: number;
  /** Seconds since the stage began. */
  readonly seconds: number;
}

/** Appends a line, on the disk when this returns. StorageError where the system refuses. */
export function appendMetrics(file: string, line: MetricsLine): void {
  appendJsonLine(file, line);
}

/**
 * All validations of a run, in order. A step that was done again after a resumption counts once, with its last line; a
 * line that a crash has cut short is left out.
 */
export function readMetrics(file: string): MetricsLine[] {
  return latest(readJsonLines(file));
}

/** The same for people to look at: of a long log about so many. */
export async function sampleMetrics(file: string, most: number): Promise<MetricsLine[]> {
  return latest(await sampleJsonLines(file, most));
}

/** The last validations of a run, those that so many bytes at the end of its log hold. */
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
