import { html, render } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { offerDownloads } from '../report/downloads.ts';
import type { RunSummary } from '../report/run-summary.ts';
import { followRuns, type KnownRuns } from './changes.ts';
import { ComparePage } from './compare-page.ts';
import { OverviewPage } from './overview-page.ts';
import { parseRoute, type Route, titleOf } from './route.ts';
import { RunList } from './run-list.ts';
import { RunPage } from './run-page.ts';
import { restoreTheme, toggleTheme, useTheme } from './theme.ts';

function Page() {
  const [known, setKnown] = useState<KnownRuns>({ runs: new Map(), connected: false });
  const route = useRoute();
  const theme = useTheme();
  useEffect(() => followRuns(setKnown), []);
  const title = titleOf(route);
  useEffect(() => {
    document.title = title;
  }, [title]);
  const current = route.view === 'run' ? route.id : undefined;
  return html`<div class="shell" data-view=${route.view}>
    <header class="top">
      <a class="home" href="#/">s3delta</a>
      <span class="connection" role="status">${known.connected ? 'live' : 'not connected: trying again'}</span>
      <button type="button" onClick=${toggleTheme}>${theme === 'dark' ? 'Light' : 'Dark'}</button>
    </header>
    <${RunList} runs=${known.runs} current=${current} />
    <main>
      ${route.view !== 'overview' && html`<a class="back" href="#/">← All runs</a>`}
      ${known.runs.size > 0 || known.connected ? content(route, known.runs) : html`<p class="muted">Connecting…</p>`}
    </main>
  </div>`;
}

function content(route: Route, runs: ReadonlyMap<string, RunSummary>) {
  if (route.view === 'overview') return html`<${OverviewPage} runs=${runs} />`;
  if (route.view === 'compare') {
    const chosen = route.ids.flatMap(id => runs.get(id) ?? []);
    return html`<${ComparePage} key=${route.ids.join('/')} runs=${chosen} />`;
  }
  const run = runs.get(route.id);
  if (run === undefined) return html`<p class="panel" role="alert">There is no run ${route.id} in this folder.</p>`;
  return html`<${RunPage} key=${run.id} run=${run} />`;
}

function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => {
      setHash(location.hash);
      document.querySelector('main')?.scrollTo({ top: 0 });
    };
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parseRoute(hash);
}

restoreTheme();
offerDownloads(document);
render(html`<${Page} />`, document.getElementById('page')!);
