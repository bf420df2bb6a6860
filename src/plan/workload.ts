import { type EncodedExample, inputLength, outputLength } from '../core/program.ts';
import { evaluationBatches } from '../data/batches.ts';
import type { AnswerOptions, ScoredSplit } from '../library/scoring.ts';
import type { InferenceInput } from '../models/codec.ts';
import type { BatchSize } from '../runtime/program-graphs.ts';
import { countEvaluations, type StageConfig, type StageCost } from '../training/stage.ts';
import { createBatchCursor, splitBatch } from '../training/step-batches.ts';

/** Runs of batches of one size. */
export interface Runs<Batch> {
  readonly size: BatchSize;
  /** How many there are in the stage; a fraction where one epoch stands for all. */
  readonly count: number;
  /** The first of these batches. */
  readonly batch: Batch;
}

type TrainingRuns = Runs<readonly EncodedExample[]>;
export type GenerationRuns = Runs<readonly InferenceInput[]>;

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

/** Tokens of the longest answer that a validation may write, or of the longest label that it scores. */
function longestAnswer({ answers, codec: { choice, writing } }: AnswerOptions): number {
  if (answers === 'generate') return writing!.maxTokens;
  return longest(choice!.outputs.map(outputLength));
}

/** One pass over a split: what its score costs. */
export function generationRuns(
  { examples }: Pick<ScoredSplit, 'examples'>,
  { scoring }: { readonly scoring: AnswerOptions },
  passes = 1,
): GenerationRuns[] {
  const tally = createTally<readonly InferenceInput[]>();
  for (const indices of evaluationBatches(examples, scoring.batchSize)) {
    const batch = indices.map(index => examples[index]!);
    const source = longest(batch.map(({ input }) => inputLength(input)));
    tally.add({ rows: batch.length, source, target: longestAnswer(scoring) }, passes, batch);
  }
  return tally.runs();
}

/** What validations are made of. */
interface WorkData {
  readonly validation: Pick<ScoredSplit, 'examples'>;
  readonly scoring: AnswerOptions;
}

/**
 * The work of a stage whose cost is known. An epoch of what its steps draw first stands for all, since each is drawn by
 * the same law.
 */
export function stageWorkload(
  data: WorkData,
  { batchSize, microBatch, seed }: StageConfig,
  cost: StageCost,
  tokensPerRun?: number,
): Workload {
  const { steps, validations } = cost;
  const draws = cost.batches.map(({ examples, stream, evaluations }) => {
    return { cursor: createBatchCursor(examples, { batchSize, seed, stream }), evaluations };
  });
  const counted = Math.min(steps, draws[0]!.cursor.batchesPerEpoch);
  const limits = {
    ...(tokensPerRun !== undefined && { tokensPerRun }),
    ...(microBatch !== undefined && { size: microBatch }),
  };
  const tally = createTally<readonly EncodedExample[]>();
  for (let step = 0; step < counted; step++) {
    for (const { cursor, evaluations } of draws) {
      for (const part of splitBatch(cursor.batch(step), limits)) {
        tally.add(sizeOf(part), (evaluations * steps) / counted, part);
      }
    }
  }
  const generation = validations === 0 ? [] : generationRuns(data.validation, data, validations);
  return { steps, evaluations: countEvaluations(cost), validations, training: tally.runs(), generation };
}

/** Size of a batch of examples. */
export function sizeOf(batch: readonly EncodedExample[]): BatchSize {
  const source = longest(batch.map(({ input }) => inputLength(input)));
  return { rows: batch.length, source, target: longest(batch.map(({ output }) => outputLength(output))) };
}

const longest = (lengths: readonly number[]): number => Math.max(1, ...lengths);

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
