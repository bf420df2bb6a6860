import { setTimeout } from 'node:timers/promises';

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
