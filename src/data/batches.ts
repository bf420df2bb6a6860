import { setImmediate, setTimeout } from 'node:timers/promises';
import { throwIfInterrupted } from '../core/errors.ts';
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

/**
 * Groups of at most `size` from a source that may be endless. A group that is not full goes once its first element is
 * `patience` milliseconds old, so that who types a line at a time is answered a line at a time.
 */
export async function* chunks<T>(
  source: AsyncIterable<T> | Iterable<T>,
  size: number,
  patience = 50,
): AsyncGenerator<T[], void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const advance = () => {
    const next = Promise.resolve(iterator.next());
    // It may fail while an earlier group is at work; it is heard when its turn comes.
    next.catch(() => {});
    return next;
  };
  let next = advance();
  try {
    for (;;) {
      const first = await next;
      if (first.done) return;
      next = advance();
      const group = [first.value];
      const timer = new AbortController();
      const pause = setTimeout(patience, undefined, { signal: timer.signal }).catch(() => undefined);
      try {
        while (group.length < size) {
          const arrived = await Promise.race([next, pause]);
          if (arrived === undefined || arrived.done) break;
          group.push(arrived.value);
          next = advance();
        }
      } finally {
        timer.abort();
      }
      yield group;
    }
  } finally {
    // Not awaited: a source that is waiting for more would first have to get it.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** Short for a person, long beside the cost of coming back. */
const sliceMilliseconds = 20;

/**
 * Maps a list in slices between which the process lives on: timers, signals and other work get their turn.
 * @throws InterruptedError soon after the signal has aborted
 */
export async function mapInSlices<T, R>(
  items: readonly T[],
  map: (item: T) => R,
  signal: AbortSignal | undefined,
): Promise<R[]> {
  throwIfInterrupted(signal);
  const results: R[] = [];
  let sliceEnd = performance.now() + sliceMilliseconds;
  for (const item of items) {
    results.push(map(item));
    if (performance.now() < sliceEnd) continue;
    await setImmediate();
    throwIfInterrupted(signal);
    sliceEnd = performance.now() + sliceMilliseconds;
  }
  return results;
}
