import { countLossTerms, type EncodedExample, type Trainable } from '../core/program.ts';
import { evaluationBatches } from '../data/batches.ts';

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
