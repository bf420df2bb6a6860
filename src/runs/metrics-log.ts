import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFileWhole } from '../files/write-file-whole.ts';

/** Stages of a job, in their order. `random` is the re-training of a random structure of equal budget. */
export type StageName = 'search' | 'retrain' | 'random';

/** One line of `metrics.jsonl`: one validation. */
export interface MetricsLine {
  readonly stage: StageName;
  /** Name of the attempt, where a method makes several. */
  readonly trial?: string;
  readonly step: number;
  readonly steps: number;
  /** Mean training loss since the validation before, in nats a target token; null where resuming has lost it. */
  readonly loss: number | null;
  readonly learningRate: number;
  /** Validation score, 0 to 100. */
  readonly score: number;
  readonly best: number;
  /** Seconds since the stage began. */
  readonly seconds: number;
}

export function appendMetrics(file: string, line: MetricsLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/**
 * All validations of a run, in order. A step that was done again after a resumption counts once, with its last line; a
 * line that a crash has cut short is left out.
 */
export function readMetrics(file: string): MetricsLine[] {
  if (!existsSync(file)) return [];
  const lines = new Map<string, MetricsLine>();
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    const line = parseLine(text);
    if (line !== undefined) lines.set(`${line.stage} ${line.trial ?? ''} ${line.step}`, line);
  }
  return [...lines.values()];
}

/** Rewrites the file with its whole lines only, so that appending can go on after a crash. */
export async function repairMetrics(file: string): Promise<void> {
  const lines = readMetrics(file).map(line => `${JSON.stringify(line)}\n`);
  if (lines.length > 0) await writeFileWhole(file, lines.join(''));
}

function parseLine(text: string): MetricsLine | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as MetricsLine);
  } catch {
    return undefined;
  }
}
