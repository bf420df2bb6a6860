import { setImmediate } from 'node:timers/promises';
import { throwIfInterrupted } from '../core/errors.ts';

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
