import { html } from 'htm/preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import type { ComparisonView } from '../report/comparison.ts';
import { comparisonSections, comparisonTitle } from '../report/comparison-report.ts';
import type { ComparisonSummary, RunSummary } from '../report/run-summary.ts';
import type { RunView } from '../report/run-view.ts';
import {
  commandMarkup,
  configPanel,
  finalistsPanel,
  stageCurves,
  tablePanel,
  tiles,
  verdictPanel,
} from '../report/sections.ts';
import { resourcesTable, runSentences, scoreTable } from '../report/summary.ts';
import { breakable, Chart, Drawn, Structure } from './figures.ts';
import { useViews } from './live-data.ts';
import { Progress } from './run-progress.ts';

/** One run: what a report shows of it, live. */
export function RunPage({ run }: { run: RunSummary }) {
  const { view, error } = useViews([run]).get(run.id) ?? {};
  // Files that another program has changed may hold anything: what cannot be shown does not take the page with it.
  const [failure] = useErrorBoundary();
  const problem = failure === undefined ? error : `This run cannot be shown: ${(failure as Error).message}`;
  return html`<article>
    <h1>${breakable(run.id)}</h1>
    <p class="muted">
      <span class=${`state ${run.state}`}>${run.state}</span>${' '}
      ${[run.task, run.model === '' ? '' : `on ${run.model}`, run.method, run.seed === null ? '' : `seed ${run.seed}`]
        .filter(Boolean)
        .join(' · ')}
    </p>
    ${run.ended !== undefined && html`<${Ended} ...${run.ended} />`}
    ${problem !== undefined && html`<p class="panel problem" role="alert">${problem}</p>`}
    ${view === undefined && problem === undefined && html`<p class="muted">Reading the run…</p>`}
    ${view !== undefined && failure === undefined && html`<${Content} view=${view} run=${run} />`}
  </article>`;
}

/** How a run ended that is not finished, and what goes on with it. */
function Ended({ text, goOn, wayOn = 'go on with' }: NonNullable<RunSummary['ended']>) {
  const how = `${wayOn[0]!.toUpperCase()}${wayOn.slice(1)}`;
  return html`<div class="panel ended">
    <p>This run is not finished: ${text}.</p>
    ${
      goOn !== undefined &&
      html`<p>${how}: <span dangerouslySetInnerHTML=${{ __html: commandMarkup(goOn) }}></span></p>`
    }
  </div>`;
}

function Content({ view, run }: { view: RunView; run: RunSummary }) {
  const { result, modules, moments, finalists, metrics, config, verdict } = view;
  const scores = result && scoreTable(result);
  return html`
    ${result && runSentences(result).map(text => html`<p class="muted">${text}.</p>`)}
    <${Progress} run=${run} moments=${moments} />
    ${verdict && html`<${Drawn} markup=${verdictPanel(verdict)} />`}
    ${result && html`<${Drawn} markup=${tiles(result)} />`}
    ${modules.length > 0 && html`<${Structure} view=${view} name=${run.id} />`}
    ${finalists && html`<${Drawn} markup=${finalistsPanel(finalists)} />`}
    <div class="curves">
      ${stageCurves(metrics).map(
        ({ title, series }) => html`<${Chart} key=${title} title=${title}
        series=${series} />`,
      )}
    </div>
    ${scores && html`<${Drawn} markup=${tablePanel('Scores', scores)} />`}
    ${result && html`<${Drawn} markup=${tablePanel('Time and memory', resourcesTable(result))} />`}
    <${Drawn} markup=${configPanel(config)} />
  `;
}

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
