import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComparisonSummary, RunSummary } from '../report/run-summary.ts';
import type { RunView } from '../report/run-view.ts';

/** The list of runs as the page knows it. */
export interface KnownRuns {
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly comparisons: readonly ComparisonSummary[];
  /** False before the first answer, and while the server cannot be reached. */
  readonly connected: boolean;
}

/** What the server tells: all runs (`whole`), or those that are new, changed or gone. */
export interface ChangesMessage {
  readonly whole: boolean;
  readonly runs: readonly RunSummary[];
  readonly removed: readonly string[];
  /** All of them; absent where none has changed. */
  readonly comparisons?: readonly ComparisonSummary[];
}

export function withChanges(
  known: KnownRuns,
  { whole, runs, removed, comparisons = whole ? [] : known.comparisons }: ChangesMessage,
): KnownRuns {
  const next = new Map(whole ? [] : known.runs);
  for (const id of removed) next.delete(id);
  for (const run of runs) next.set(run.id, run);
  return { runs: next, comparisons, connected: true };
}

export const nothingKnown: KnownRuns = { runs: new Map(), comparisons: [], connected: false };

const retryMilliseconds = 2000;
/** The server says something every 15 seconds; one that does not is gone, also where no error tells so. */
const silenceMilliseconds = 40_000;

/**
 * Follows the list of runs. A connection that breaks is made anew, from what is known already; so is one to a server
 * that has been started again. Returns what ends it.
 */
export function followRuns(show: (known: KnownRuns) => void): () => void {
  let known: KnownRuns = nothingKnown;
  let lastId = '';
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function connect() {
    source?.close();
    source = new EventSource(`/api/changes?since=${encodeURIComponent(lastId)}`);
    source.addEventListener('runs', event => {
      lastId = event.lastEventId;
      tell(withChanges(known, JSON.parse(event.data) as ChangesMessage));
      retryIn(silenceMilliseconds);
    });
    source.addEventListener('beat', () => {
      // All that a connection made anew hears where nothing has changed meanwhile.
      if (!known.connected) tell({ ...known, connected: true });
      retryIn(silenceMilliseconds);
    });
    source.addEventListener('error', () => {
      tell({ ...known, connected: false });
      retryIn(retryMilliseconds);
    });
    retryIn(silenceMilliseconds);
  }

  function tell(now: KnownRuns) {
    known = now;
    show(now);
  }

  function retryIn(milliseconds: number) {
    clearTimeout(timer);
    timer = setTimeout(connect, milliseconds);
  }

  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

/**
 * A run's content, or why there is none; neither while it is fetched for the first time, both while its server cannot
 * be reached any more.
 */
export interface Fetched {
  readonly view?: RunView;
  readonly error?: string;
}

/** The content of runs, fetched again whenever one has changed; what was fetched before is shown until then. */
export function useViews(runs: readonly Pick<RunSummary, 'id' | 'changed' | 'state'>[]): ReadonlyMap<string, Fetched> {
  const [views, setViews] = useState<ReadonlyMap<string, Fetched>>(new Map());
  const asked = useRef(new Map<string, string>());
  const versions = runs.map(({ id, changed, state }) => [id, `${changed} ${state}`] as const);

  async function ask(id: string, version: string): Promise<void> {
    const answer = await fetchView(id);
    if (asked.current.get(id) !== version) return;
    setViews(before =>
      new Map(before).set(id, answer ?? { ...before.get(id), error: 'The server cannot be reached.' }),
    );
    if (answer === undefined)
      setTimeout(() => asked.current.get(id) === version && ask(id, version), retryMilliseconds);
  }

  useEffect(() => {
    for (const [id, version] of versions) {
      if (asked.current.get(id) === version) continue;
      asked.current.set(id, version);
      ask(id, version);
    }
  }, [JSON.stringify(versions)]);
  useEffect(() => () => asked.current.clear(), []);
  return views;
}

/** Undefined where the server cannot be reached. */
async function fetchView(id: string): Promise<Fetched | undefined> {
  try {
    const response = await fetch(`/api/run?id=${encodeURIComponent(id)}`);
    const content = (await response.json()) as RunView & { error?: string };
    return response.ok ? { view: content } : { error: content.error ?? response.statusText };
  } catch {
    return undefined;
  }
}
