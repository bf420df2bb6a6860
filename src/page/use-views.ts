import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunSummary } from '../report/run-summary.ts';
import type { RunView } from '../report/run-view.ts';

/** A run's content, or why there is none; neither while it is fetched for the first time. */
export interface Fetched {
  readonly view?: RunView;
  readonly error?: string;
}

/** The content of runs, fetched again whenever one has changed; what was fetched before is shown until then. */
export function useViews(runs: readonly Pick<RunSummary, 'id' | 'changed' | 'state'>[]): ReadonlyMap<string, Fetched> {
  const [views, setViews] = useState<ReadonlyMap<string, Fetched>>(new Map());
  const asked = useRef(new Map<string, string>());
  const versions = runs.map(({ id, changed, state }) => [id, `${changed} ${state}`] as const);
  useEffect(() => {
    for (const [id, version] of versions) {
      if (asked.current.get(id) === version) continue;
      asked.current.set(id, version);
      fetchView(id).then(fetched => {
        if (asked.current.get(id) === version) setViews(before => new Map(before).set(id, fetched));
      });
    }
  }, [JSON.stringify(versions)]);
  return views;
}

async function fetchView(id: string): Promise<Fetched> {
  try {
    const response = await fetch(`/api/run?id=${encodeURIComponent(id)}`);
    const content = (await response.json()) as RunView & { error?: string };
    return response.ok ? { view: content } : { error: content.error ?? response.statusText };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
