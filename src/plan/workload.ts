import { retrainStage, type StageConfig, searchStage } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { EncodedExample } from '../core/program.ts';
import { evaluationBatches } from '../data/batches.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import type { ScoredSplit } from '../library/scoring.ts';
import { splitHalves } from '../library/split.ts';
import type { BatchSize } from '../runtime/program-graphs.ts';
import { stepEvaluations } from '../search/strategies/bilevel/mixed-derivative.ts';
import { createBatchCursor } from '../training/batch-cursor.ts';
import { splitBatch } from '../training/split-batch.ts';
import { countSteps } from '../training/steps.ts';

/** Runs of batches of one size. */
export interface Runs<Batch> {
  readonly size: BatchSize;
  /** How many there are in the stage; a fraction where one epoch stands for all. */
  readonly count: number;
  /** The first of these batches. */
  readonly batch: Batch;
}

export type TrainingRuns = Runs<readonly EncodedExample[]>;
export type GenerationRuns = Runs<readonly (readonly number[])[]>;

/** What a stage has to compute, counted on the batches that it will draw. */
export interface Workload {
  readonly steps: number;
  /** Loss-and-gradient evaluations, a micro-batched one counted once. */
  readonly evaluations: number;
  /** Passes over the validation set. */
  readonly validations: number;
  /** Runs of the training graph, in the order in which their sizes first come. */
  readonly training: readonly TrainingRuns[];
  /** Batches answered in all validations; `target` is the longest answer. */
  readonly generation: readonly GenerationRuns[];
}

/** The search: every step takes a batch of each half of the training set. */
export function searchWorkload(data: EncodedTask, settings: ResolvedSettings, tokensPerRun?: number): Workload {
  const config = searchStage(settings);
  const halves = splitHalves(data.train, config.seed);
  const each = stepEvaluations[config.order];
  const parts = [
    { examples: halves.delta, stream: 'search/delta', evaluations: each.delta },
    { examples: halves.alpha, stream: 'search/alpha', evaluations: each.alpha },
  ];
  return workload(data, config, parts, tokensPerRun);
}

/** The re-training: one evaluation a step, on all of the training set. */
export function retrainWorkload(data: EncodedTask, settings: ResolvedSettings, tokensPerRun?: number): Workload {
  const part = { examples: data.train, stream: 'tune', evaluations: 1 };
  return workload(data, retrainStage(settings), [part], tokensPerRun);
}

/** One pass over a split: what its score costs. */
export function generationRuns({ sources }: ScoredSplit, { scoring }: EncodedTask, passes = 1): GenerationRuns[] {
  const tally = createTally<readonly (readonly number[])[]>();
  const sized = sources.map(source => ({ source }));
  for (const indices of evaluationBatches(sized, scoring.batchSize)) {
    const batch = indices.map(index => sources[index]!);
    tally.add({ rows: batch.length, source: longest(batch), target: scoring.maxTokens }, passes, batch);
  }
  return tally.runs();
}

interface Part {
  readonly examples: readonly EncodedExample[];
  /** Name of the random stream that its batches are drawn from. */
  readonly stream: string;
  readonly evaluations: number;
}

/** The first part's epochs make the stage's; one epoch stands for all, since each is drawn by the same law. */
function workload(data: EncodedTask, config: StageConfig, parts: readonly Part[], tokensPerRun?: number): Workload {
  const { batchSize, microBatch, seed, epochs, maxSteps, evaluateEvery } = config;
  const cursors = parts.map(({ examples, stream }) => createBatchCursor(examples, { batchSize, seed, stream }));
  const steps = countSteps(cursors[0]!.batchesPerEpoch, epochs, maxSteps);
  const counted = Math.min(steps, cursors[0]!.batchesPerEpoch);
  const limits = {
    ...(tokensPerRun !== undefined && { tokensPerRun }),
    ...(microBatch !== undefined && { size: microBatch }),
  };
  const tally = createTally<readonly EncodedExample[]>();
  for (let step = 0; step < counted; step++) {
    for (const [index, { evaluations }] of parts.entries()) {
      const batch = cursors[index]!.batch(step);
      for (const part of splitBatch(batch, limits)) {
        tally.add(sizeOf(part), (evaluations * steps) / counted, part);
      }
    }
  }
  const validations = Math.ceil(steps / evaluateEvery);
  const evaluations = steps * parts.reduce((sum, part) => sum + part.evaluations, 0);
  const generation = generationRuns(data.validation, data, validations);
  return { steps, evaluations, validations, training: tally.runs(), generation };
}

/** Size of a batch of examples. */
export function sizeOf(batch: readonly EncodedExample[]): BatchSize {
  const target = longest(batch.map(example => example.target));
  return { rows: batch.length, source: longest(batch.map(({ source }) => source)), target };
}

const longest = (rows: readonly (readonly number[])[]): number =>
  rows.reduce((most, row) => Math.max(most, row.length), 1);

function createTally<Batch>() {
  const counts = new Map<string, { size: BatchSize; count: number; batch: Batch }>();
  return {
    add(size: BatchSize, count: number, batch: Batch): void {
      const key = `${size.rows} ${size.source} ${size.target}`;
      const known = counts.get(key);
      if (known) known.count += count;
      else counts.set(key, { size, count, batch });
    },
    runs: (): Runs<Batch>[] => [...counts.values()],
  };
}
