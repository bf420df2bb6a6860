import { InputError } from '../core/errors.ts';
import type { EncodedExample } from '../core/program.ts';
import { trainingBatches } from '../data/batches.ts';

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
