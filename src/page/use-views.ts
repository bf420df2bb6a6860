import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunSummary } from '../report/run-summary.ts';
import type { RunView } from '../report/run-view.ts';

/**
 * A run's content, or why there is none; neither while it is fetched for the first time, both while its server cannot
 * be reached any more.
 */
export interface Fetched {
  readonly view?: RunView;
  readonly error?: string;
}

const retryMilliseconds = 2000;

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
