import { type EncodedInput, inputLength } from '../core/program.ts';
import { permutation } from '../core/random.ts';

/** What batching needs to know of an example: how long its input is. */
interface Sized {
  readonly input: EncodedInput;
}

// Within a window examples are sorted by length; the larger it is, the less padding and the less chance in a batch.
const WINDOW_BATCHES = 50;

/** Number of batches of an epoch, the last one perhaps smaller than the others. */
export function batchesPerEpoch(numExamples: number, batchSize: number): number {
  return Math.ceil(numExamples / batchSize);
}

/**
 * An epoch's batches as lists of indices into `examples`: random, but each of examples of similar length, so that
 * little is padded. Examples are shuffled, sorted by length within windows of 50 batches, and the batches shuffled.
 * Every example comes exactly once; (seed, stream, epoch) decides everything.
 *
 * @param options.stream name of the random stream: two data sets of one run (D_δ and D_α) take two names.
 */
export function trainingBatches(
  examples: readonly Sized[],
  options: { batchSize: number; seed: number; epoch: number; stream: string },
): number[][] {
  const { batchSize, seed, epoch, stream } = options;
  const shuffled = [...permutation(examples.length, seed, `${stream}/examples`, epoch)];
  const batches: number[][] = [];
  for (let start = 0; start < shuffled.length; start += batchSize * WINDOW_BATCHES) {
    const window = shuffled.slice(start, start + batchSize * WINDOW_BATCHES);
    batches.push(...cut(sortByLength(window, examples), batchSize));
  }
  return [...permutation(batches.length, seed, `${stream}/batches`, epoch)].map(i => batches[i]!);
}

/** Batches for evaluation: sorted by length, shortest first, every example once. Nothing is drawn. */
export function evaluationBatches(examples: readonly Sized[], batchSize: number): number[][] {
  return cut(
    sortByLength(
      examples.map((_, i) => i),
      examples,
    ),
    batchSize,
  );
}

function sortByLength(indices: readonly number[], examples: readonly Sized[]): number[] {
  return indices.toSorted((a, b) => inputLength(examples[a]!.input) - inputLength(examples[b]!.input));
}

function cut(indices: readonly number[], batchSize: number): number[][] {
  return Array.from({ length: batchesPerEpoch(indices.length, batchSize) }, (_, i) =>
    indices.slice(i * batchSize, (i + 1) * batchSize),
  );
}
