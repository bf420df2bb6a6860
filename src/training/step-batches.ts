import { addScaled } from '../core/arrays.ts';
import { InputError } from '../core/errors.ts';
import {
  countLossTerms,
  type EncodedExample,
  inputLength,
  type LossAndGradients,
  type Trainable,
} from '../core/program.ts';
import { evaluationBatches, trainingBatches } from '../data/batches.ts';

/** The endless sequence of batches over a set of examples, addressed by its number, so that any can be made again. */
export interface BatchCursor {
  readonly batchesPerEpoch: number;
  /** Batch `index`, counted from 0 across all epochs. */
  batch(index: number): readonly EncodedExample[];
}

/** Batches of similar lengths, drawn anew in every epoch. InputError where there are no examples. */
export function createBatchCursor(
  examples: readonly EncodedExample[],
  options: {
    readonly batchSize: number;
    readonly seed: number;
    /** Name of the random stream: two data sets of one run take two names. */
    readonly stream: string;
  },
): BatchCursor {
  if (examples.length === 0) {
    throw new InputError('there are no training examples', {
      code: 'empty-data',
      remedy: 'give a data set with at least two rows',
    });
  }
  let epoch = 0;
  let batches = trainingBatches(examples, { ...options, epoch });

  function batch(index: number): readonly EncodedExample[] {
    const wanted = Math.floor(index / batches.length);
    if (wanted !== epoch) {
      epoch = wanted;
      batches = trainingBatches(examples, { ...options, epoch });
    }
    return batches[index % batches.length]!.map(i => examples[i]!);
  }

  return { batchesPerEpoch: batches.length, batch };
}

/** What limits a part of a batch. */
export interface PartLimits {
  /** Most examples. */
  readonly size?: number;
  /** Most input tokens, padding included; one row may be longer. */
  readonly tokensPerRun?: number;
}

/**
 * Parts of a batch. Rows of like length come together, longest first, so that little is padded. There are as few parts
 * as the limits allow, and these about equal in tokens.
 */
export function splitBatch(
  batch: readonly EncodedExample[],
  { size = Number.POSITIVE_INFINITY, tokensPerRun = Number.POSITIVE_INFINITY }: PartLimits,
): (readonly EncodedExample[])[] {
  const longest = batch.reduce((most, { input }) => Math.max(most, inputLength(input)), 1);
  if (batch.length <= size && batch.length * longest <= tokensPerRun) return [batch];
  const sorted = batch.toSorted((a, b) => inputLength(b.input) - inputLength(a.input));
  const within = (tokens: number) =>
    cut(sorted, ({ input }) => Math.min(size, Math.floor(tokens / Math.max(1, inputLength(input)))));
  // More tokens than the whole batch has allow no more.
  const most = Math.min(tokensPerRun, batch.length * longest);
  const fewest = within(most).length;
  // The least tokens that need no more parts make them about equal.
  let [tooFew, enough] = [0, most];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (within(middle).length > fewest) tooFew = middle;
    else enough = middle;
  }
  return within(enough);
}

/** Consecutive parts, each of as many rows as its first one allows, and of one at least. */
function cut(
  rows: readonly EncodedExample[],
  mostRows: (first: EncodedExample) => number,
): (readonly EncodedExample[])[] {
  const parts: (readonly EncodedExample[])[] = [];
  for (let next = 0; next < rows.length; next += parts.at(-1)!.length) {
    parts.push(rows.slice(next, next + Math.max(1, mostRows(rows[next]!))));
  }
  return parts;
}

/**
 * The same program, run on parts of a batch (`splitBatch`): less memory for activations, the same loss and gradients up
 * to rounding. The parts are weighted by their terms of the loss, as it is a mean over these.
 */
export function withMicroBatches(program: Trainable, size?: number): Trainable {
  const { tokensPerRun } = program;
  const limits = { ...(size !== undefined && { size }), ...(tokensPerRun !== undefined && { tokensPerRun }) };

  async function loss(batch: readonly EncodedExample[], ...point: [delta: Float32Array, gates?: Float32Array]) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.loss(batch, ...point);
    const terms = countLossTerms(batch);
    let sum = 0;
    for (const part of parts) sum += (countLossTerms(part) / terms) * (await program.loss(part, ...point));
    return sum;
  }

  async function lossAndGradients(batch: readonly EncodedExample[], delta: Float32Array, gates?: Float32Array) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.lossAndGradients(batch, delta, gates);
    const terms = countLossTerms(batch);
    let loss = 0;
    let sum: LossAndGradients | undefined;
    for (const part of parts) {
      const weight = countLossTerms(part) / terms;
      const result = await program.lossAndGradients(part, delta, gates);
      sum ??= { loss, delta: new Float32Array(result.delta.length), gates: new Float32Array(result.gates.length) };
      addScaled(sum.delta, result.delta, weight);
      addScaled(sum.gates, result.gates, weight);
      loss += weight * result.loss;
    }
    return { ...sum!, loss };
  }

  async function mixedDerivative(
    batch: readonly EncodedExample[],
    ...point: [delta: Float32Array, gates: Float32Array, direction: Float32Array]
  ) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.mixedDerivative(batch, ...point);
    const terms = countLossTerms(batch);
    const sum = new Float32Array(program.layout.modules.length);
    for (const part of parts) {
      addScaled(sum, await program.mixedDerivative(part, ...point), countLossTerms(part) / terms);
    }
    return sum;
  }

  return { layout: program.layout, loss, lossAndGradients, mixedDerivative };
}

/**
 * Mean loss of examples, over all of their terms, without gradients: what a choice by held-out loss compares. Batches
 * are of similar lengths, and what an epoch's batches are does not matter.
 * @param point.gates without them every gate is 1
 * @returns NaN where there are no examples
 */
export async function meanLoss(
  program: Pick<Trainable, 'loss'>,
  examples: readonly EncodedExample[],
  point: { readonly delta: Float32Array; readonly gates?: Float32Array },
  { batchSize, signal }: { readonly batchSize: number; readonly signal?: AbortSignal },
): Promise<number> {
  let sum = 0;
  for (const indices of evaluationBatches(examples, batchSize)) {
    signal?.throwIfAborted();
    const batch = indices.map(index => examples[index]!);
    sum += countLossTerms(batch) * (await program.loss(batch, point.delta, point.gates));
  }
  return sum / countLossTerms(examples);
}
