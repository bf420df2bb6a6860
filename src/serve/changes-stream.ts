import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { RunIndex } from './run-index.ts';

/** Proxies and browsers give up a connection that says nothing. */
const beatMilliseconds = 15_000;

/** Tells listeners when the folder of runs has changed. It looks only while somebody listens. */
export interface Watch {
  /** Resolves at the next change, at the latest after the time given or when the signal aborts. */
  next(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export function createWatch(index: RunIndex, everyMilliseconds: number): Watch {
  const waiting = new Set<() => void>();
  let isDue = false;

  function lookIn(milliseconds: number) {
    if (isDue) return;
    isDue = true;
    setTimeout(look, milliseconds);
  }

  function look() {
    isDue = false;
    const started = performance.now();
    if (index.refresh()) {
      for (const wake of waiting) wake();
    }
    // A folder that takes long to look through is looked at less often.
    const took = performance.now() - started;
    if (waiting.size > 0) lookIn(Math.max(everyMilliseconds, 20 * took));
  }

  return {
    next: (milliseconds, signal) =>
      new Promise(resolve => {
        const wake = () => {
          clearTimeout(patience);
          signal.removeEventListener('abort', wake);
          waiting.delete(wake);
          resolve();
        };
        signal.addEventListener('abort', wake);
        const patience = setTimeout(wake, milliseconds);
        waiting.add(wake);
        lookIn(everyMilliseconds);
      }),
  };
}

/**
 * The list of runs as server-sent events: everything at first, then what changes. An event's id names the server's start and
 * the version of the list; a listener that comes back with one of this start gets what it has missed, any other everything.
 */
export function streamChanges(context: Context, index: RunIndex, watch: Watch, start: string): Response {
  const last = context.req.header('last-event-id') ?? context.req.query('since') ?? '';
  const [lastStart, lastVersion] = last.split('.');
  const resumed = lastStart === start && /^\d+$/.test(lastVersion ?? '');
  return streamSSE(context, async stream => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    let told = resumed ? Number(lastVersion) : 0;
    let whole = !resumed;
    index.refresh();
    while (!stream.aborted && !stream.closed) {
      const { version, runs, removed } = index.changesSince(told);
      if (whole || runs.length + removed.length > 0) {
        const data = JSON.stringify({ whole, runs, removed });
        await stream.writeSSE({ event: 'runs', id: `${start}.${version}`, data });
      } else {
        await stream.writeSSE({ event: 'beat', data: '' });
      }
      told = version;
      whole = false;
      await watch.next(beatMilliseconds, left.signal);
    }
  });
}
