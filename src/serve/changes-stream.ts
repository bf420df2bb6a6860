import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { RunIndex } from './run-index.ts';

/** Proxies and browsers give up a connection that says nothing. */
const beatMilliseconds = 15_000;

/**
 * Tells listeners when the folder of runs has changed, whoever looked. Only it refreshes the list: a change that it was
 * not told of would reach nobody who waits.
 */
export interface Watch {
  /** Looks at the folder now. By itself it looks only while somebody waits. */
  look(): void;
  /**
   * Resolves once the list is newer than that version, at the latest after the time given or when the signal aborts.
   */
  newerThan(version: number, milliseconds: number, signal: AbortSignal): Promise<void>;
}

export function createWatch(index: RunIndex, everyMilliseconds: number): Watch {
  const waiting = new Set<() => void>();
  let isDue = false;

  function lookIn(milliseconds: number) {
    if (isDue) return;
    isDue = true;
    setTimeout(lookAndGoOn, milliseconds);
  }

  function look() {
    if (!index.refresh()) return;
    for (const wake of waiting) wake();
  }

  function lookAndGoOn() {
    isDue = false;
    const started = performance.now();
    look();
    // A folder that takes long to look through is looked at less often.
    const took = performance.now() - started;
    if (waiting.size > 0) lookIn(Math.max(everyMilliseconds, 20 * took));
  }

  return {
    look,
    newerThan: (version, milliseconds, signal) =>
      new Promise(resolve => {
        // While a listener was being told of one change, the next may have come.
        if (index.version > version || signal.aborted) {
          resolve();
          return;
        }
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
 * The list of runs as server-sent events: everything at first, then what changes. An event's id names the server's
 * start and the version of the list; a listener that comes back with one of this start gets what it has missed, any
 * other everything.
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
    watch.look();
    while (!stream.aborted && !stream.closed) {
      const { version, ...changes } = index.changesSince(told);
      if (whole || version > told) {
        const data = JSON.stringify({ whole, ...changes });
        await stream.writeSSE({ event: 'runs', id: `${start}.${version}`, data });
      } else {
        await stream.writeSSE({ event: 'beat', data: '' });
      }
      told = version;
      whole = false;
      await watch.newerThan(told, beatMilliseconds, left.signal);
    }
  });
}
