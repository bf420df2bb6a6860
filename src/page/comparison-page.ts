import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ComparisonView } from '../report/comparison.ts';
import { comparisonSections, comparisonTitle } from '../report/comparison-report.ts';
import type { ComparisonSummary } from '../report/run-summary.ts';
import { Drawn } from './figures.ts';

/** What a comparison, a sweep or a transfer has found, from its own file; read again when that is written anew. */
export function ComparisonPage({ comparison: { id, changed } }: { comparison: ComparisonSummary }) {
  const [{ view, error }, setShown] = useState<{ view?: ComparisonView; error?: string }>({});
  useEffect(() => {
    const left = new AbortController();
    fetchComparison(id, left.signal).then(
      view => setShown({ view }),
      (cause: Error) => left.signal.aborted || setShown({ error: cause.message }),
    );
    return () => left.abort();
  }, [id, changed]);
  return html`<article>
    <h1>${view === undefined ? id : comparisonTitle(view)}</h1>
    <p class="muted">${id}</p>
    ${error !== undefined && html`<p class="panel problem" role="alert">${error}</p>`}
    ${view === undefined && error === undefined && html`<p class="muted">Reading the comparison…</p>`}
    ${view !== undefined && html`<${Drawn} markup=${comparisonSections(view).join('')} />`}
  </article>`;
}

async function fetchComparison(id: string, signal: AbortSignal): Promise<ComparisonView> {
  const response = await fetch(`/api/comparison?id=${encodeURIComponent(id)}`, { signal });
  const content = (await response.json()) as ComparisonView & { error?: string };
  if (!response.ok) throw new Error(content.error ?? response.statusText);
  return content;
}
