import { setImmediate, setTimeout } from 'node:timers/promises';
import { throwIfInterrupted } from '../core/errors.ts';

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
